import { createServer as createHttp2Server } from "node:http2";
import type { ServerHttp2Session } from "node:http2";
import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer } from "node:tls";
import type { Server as TlsServer, TLSSocket, TlsOptions } from "node:tls";

import type { Logger } from "restic-otel-instrumentation/internal";

/** What TLS needs to know, at each connection anew. */
interface TlsRules {
  /** Another object once the files have changed. */
  readonly secure: TlsOptions | undefined;
  rejectReason(socket: TLSSocket): string | undefined;
}

/** HTTP/2 keeps what HTTP/1.1 is held to. */
const HTTP2_LIMITS = {
  settings: { maxConcurrentStreams: 100, maxHeaderListSize: 8192, enablePush: false },
  maxSessionMemory: 2,
} as const;
/** How long a connection may be silent before its handshake, and an HTTP/2 session without a stream. */
const SILENCE_MS = { handshake: 10_000, session: 75_000 };

const TLS_HANDSHAKE = 0x16;
const IN_THE_CLEAR =
  "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

/**
 * TLS before a server of HTTP: takes the connections that it accepts, and gives it what they carry. Each connection is
 * handled by the rules at its beginning, so a change drops none.
 */
export class TlsFront {
  readonly #rules: TlsRules;
  readonly #logger: Logger;
  readonly #serve: (socket: Duplex) => void;
  readonly #http2 = createHttp2Server(HTTP2_LIMITS);
  readonly #accepted = new Set<Socket>();
  /** Those that have not sent a byte yet. */
  readonly #silent = new Set<Socket>();
  readonly #sessions = new Set<ServerHttp2Session>();
  #stopping = false;
  #tls: { readonly secure: TlsOptions; readonly server: TlsServer } | undefined;

  /** @param server emits `secureConnection` from now on for what it serves, as one for HTTPS does; HTTP/2 is handled here */
  constructor(server: Server, rules: TlsRules, logger: Logger) {
    this.#rules = rules;
    this.#logger = logger;
    // The listener of HTTP/1.1 itself: it is called when TLS is through.
    const [serve] = server.listeners("connection");
    if (!serve) throw new TypeError("the server has no listener for connections");
    this.#serve = (socket) => {
      server.emit("secureConnection", socket);
      Reflect.apply(serve, server, [socket]);
    };
    server.removeAllListeners("connection");
    server.on("connection", (socket: Socket) => this.#sniffTls(socket));
    this.#http2.on("request", (request, response) => server.emit("request", request, response));
    this.#http2.on("session", (session) => {
      this.#sessions.add(session);
      session.once("close", () => this.#sessions.delete(session));
      session.setTimeout(SILENCE_MS.session, () => session.close());
    });
  }

  /** Ends what asks for nothing yet, a handshake when it is through; what is asked for by HTTP/2 is answered. */
  stop(): void {
    this.#stopping = true;
    for (const socket of this.#silent) socket.destroy();
    for (const session of this.#sessions) session.close();
  }

  /** Ends everything. */
  destroy(): void {
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.#accepted) socket.destroy();
  }

  /** The first byte tells TLS from a browser that was sent to `http://`. */
  #sniffTls(socket: Socket): void {
    this.#accepted.add(socket);
    this.#silent.add(socket);
    socket.once("close", () => {
      this.#accepted.delete(socket);
      this.#silent.delete(socket);
    });
    const giveUp = (): void => void socket.destroy();
    socket.setTimeout(SILENCE_MS.handshake, giveUp);
    socket.on("error", giveUp);
    socket.once("readable", () => {
      const first: unknown = socket.read();
      if (!(first instanceof Buffer)) return giveUp();
      this.#silent.delete(socket);
      socket.setTimeout(0);
      socket.off("timeout", giveUp);
      if (first[0] !== TLS_HANDSHAKE) return void socket.end(IN_THE_CLEAR);
      socket.unshift(first);
      this.#tlsServer()?.emit("connection", socket);
    });
  }

  #tlsServer(): TlsServer | undefined {
    const { secure } = this.#rules;
    if (!secure) return undefined;
    if (this.#tls?.secure !== secure) this.#tls = { secure, server: this.#startTls(secure) };
    return this.#tls.server;
  }

  /** A server that listens nowhere: it is handed its connections. */
  #startTls(secure: TlsOptions): TlsServer {
    const server = createTlsServer(secure, (socket) => this.#authorize(socket));
    server.on("tlsClientError", (error, socket) => {
      this.#logger.debug("a TLS handshake failed", { error: error.message });
      socket.destroy();
    });
    return server;
  }

  #authorize(socket: TLSSocket): void {
    if (this.#stopping) return void socket.destroy();
    const refusal = this.#rules.rejectReason(socket);
    if (refusal !== undefined) {
      this.#logger.debug("a client was refused", { client: socket.remoteAddress, error: refusal });
      socket.destroy();
    } else if (socket.alpnProtocol === "h2") this.#http2.emit("connection", socket);
    else this.#serve(socket);
  }
}

import { createServer as createHttp2Server } from "node:http2";
import type { ServerHttp2Session } from "node:http2";
import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer } from "node:tls";
import type { Server as TlsServer, TLSSocket, TlsOptions } from "node:tls";

import type { Logger } from "restic-otel-instrumentation/internal";

/** The TLS rules, read for each connection. */
interface TlsRules {
  /** A new object after each change of the files. */
  readonly secure: TlsOptions | undefined;
  rejectReason(socket: TLSSocket): string | undefined;
}

/** The limits of HTTP/1.1 in server.ts, for HTTP/2. */
const HTTP2_LIMITS = {
  settings: { maxConcurrentStreams: 100, maxHeaderListSize: 8192, enablePush: false },
  maxSessionMemory: 2,
} as const;
/** Idle timeouts of a connection before its handshake, and of an HTTP/2 session without streams. */
const IDLE_TIMEOUT_MS = { handshake: 10_000, session: 75_000 };

const TLS_HANDSHAKE = 0x16;
const PLAIN_HTTP_RESPONSE =
  "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

/**
 * Terminates TLS for an HTTP server: takes over the connections that the server accepts, and passes them on decrypted. A connection
 * keeps the rules from its start, so that a change closes none.
 */
export class TlsFront {
  readonly #rules: TlsRules;
  readonly #logger: Logger;
  readonly #serve: (socket: Duplex) => void;
  readonly #http2 = createHttp2Server(HTTP2_LIMITS);
  readonly #sessions = new Set<ServerHttp2Session>();
  #tls: { readonly secure: TlsOptions; readonly server: TlsServer } | undefined;

  /** @param server emits `secureConnection` for each HTTP/1.1 connection, like an HTTPS server; HTTP/2 is handled here */
  constructor(server: Server, rules: TlsRules, logger: Logger) {
    this.#rules = rules;
    this.#logger = logger;
    // The server's own listener starts HTTP/1.1: call it after the TLS handshake.
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
      session.setTimeout(IDLE_TIMEOUT_MS.session, () => session.close());
    });
  }

  /** Ends the HTTP/2 sessions after their requests in progress. */
  stop(): void {
    for (const session of this.#sessions) session.close();
  }

  /** Detects by the first byte a client that uses plain HTTP, such as a browser with an `http://` link. */
  #sniffTls(socket: Socket): void {
    const giveUp = (): void => void socket.destroy();
    socket.setTimeout(IDLE_TIMEOUT_MS.handshake, giveUp);
    socket.on("error", giveUp);
    socket.once("readable", () => {
      const first: unknown = socket.read();
      if (!(first instanceof Buffer)) return giveUp();
      socket.setTimeout(0);
      socket.off("timeout", giveUp);
      if (first[0] !== TLS_HANDSHAKE) return void socket.end(PLAIN_HTTP_RESPONSE);
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

  /** Creates a server that does not listen: `connection` events pass sockets to it. */
  #startTls(secure: TlsOptions): TlsServer {
    const server = createTlsServer(secure, (socket) => this.#authorize(socket));
    server.on("tlsClientError", (error, socket) => {
      this.#logger.debug("a TLS handshake failed", { error: error.message });
      socket.destroy();
    });
    return server;
  }

  #authorize(socket: TLSSocket): void {
    const reason = this.#rules.rejectReason(socket);
    if (reason !== undefined) {
      this.#logger.debug("a client was rejected", { client: socket.remoteAddress, error: reason });
      socket.destroy();
    } else if (socket.alpnProtocol === "h2") this.#http2.emit("connection", socket);
    else this.#serve(socket);
  }
}

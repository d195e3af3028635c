import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { createServer as createTlsServer } from "node:https";

import { listeningPort } from "../core/listening-port.ts";

/** What a server does with one request. */
export type Fault = (request: IncomingMessage, response: ServerResponse) => void;

/** How far an answer gets: nothing of it, its head, or half of its body. */
export type Phase = "before headers" | "after headers" | "mid body";

/** They are what is promised; the body is `[]`, twice. */
const LENGTH = 4;
const HALF = "[]";

function begin(phase: Phase, response: ServerResponse, then: () => void): void {
  if (phase === "before headers") return then();
  response.writeHead(200, { "content-length": LENGTH });
  response.flushHeaders();
  if (phase === "after headers") return void setImmediate(then);
  response.write(HALF, then);
}

/** Says no more, and keeps the connection. */
export function hang(phase: Phase): Fault {
  return (_request, response) => begin(phase, response, () => {});
}

/** Ends the connection with a RST. */
export function reset(phase: Phase): Fault {
  return (_request, response) => begin(phase, response, () => response.socket?.resetAndDestroy());
}

/** Ends the connection in good order, but too early: with `mid body`, half a body. */
export function close(phase: Phase): Fault {
  return (_request, response) => begin(phase, response, () => response.socket?.end());
}

export function status(
  code: number,
  headers: Readonly<Record<string, string>> = {},
  body = "",
): Fault {
  return (_request, response) => response.writeHead(code, headers).end(body);
}

/** A good answer. */
export function answer(body: string | Uint8Array, type = "application/octet-stream"): Fault {
  return (_request, response) => response.writeHead(200, { "content-type": type }).end(body);
}

/** More bytes than Content-Length says. */
export function tooLong(body: string, contentLength: number): Fault {
  return (_request, response) => {
    response.socket?.end(`HTTP/1.1 200 OK\r\nContent-Length: ${contentLength}\r\n\r\n${body}`);
  };
}

/** No HTTP at all. */
export function babble(text: string): Fault {
  return (_request, response) => response.socket?.end(text);
}

/** A captive portal, or the login page of a proxy. */
export const loginPage: Fault = answer("<html>Please log in</html>", "text/html");

/** To the same address if there is none. */
export function redirect(location?: string, code = 302): Fault {
  return (request, response) =>
    response.writeHead(code, { location: location ?? request.url ?? "/" }).end();
}

/** A listing of this many bytes, or one without end, as fast as it is taken. */
export function longListing(bytes = Infinity): Fault {
  const entry = `{"name":"${"0".repeat(64)}","size":155},`;
  const block = Buffer.from(entry.repeat(1000));
  return (_request, response) => {
    let left = bytes;
    const send = (): void => {
      while (left > block.length) {
        left -= block.length;
        if (!response.write(block)) return void response.once("drain", send);
      }
      response.end(`${entry.slice(0, -1)}]`);
    };
    response.write("[");
    send();
  };
}

interface FaultServerOptions {
  /** PEM of certificate and key; with `clientCa` a certificate of the client is demanded. */
  readonly tls?: { readonly pem: string; readonly clientCa?: string };
  readonly socketPath?: string;
  /** Takes connections and reads nothing: no handshake, no request ever ends. */
  readonly silent?: boolean;
}

/** An HTTP server on loopback that answers each request with the next fault of its list, and all further ones with the last. */
export class FaultServer {
  /** What was asked, in order. */
  readonly requests: IncomingMessage[] = [];
  /** Bytes sent on connections that have ended. */
  sentBytes = 0;
  readonly #server: Server;
  readonly #scheme: "http" | "https";
  readonly #sockets = new Set<Socket>();
  #faults: readonly Fault[] = [status(404)];

  private constructor({ tls, silent }: FaultServerOptions) {
    this.#scheme = tls ? "https" : "http";
    const listener: RequestListener = (request, response) => {
      this.requests.push(request);
      const [fault, ...rest] = this.#faults;
      if (rest.length > 0) this.#faults = rest;
      fault?.(request, response);
    };
    this.#server = tls
      ? createTlsServer(
          {
            cert: tls.pem,
            key: tls.pem,
            ...(tls.clientCa !== undefined && { ca: tls.clientCa, requestCert: true }),
          },
          listener,
        )
      : createServer(listener);
    if (silent) this.#server.removeAllListeners("connection");
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        this.sentBytes += socket.bytesWritten;
      });
    });
  }

  static async start(options: FaultServerOptions = {}): Promise<FaultServer> {
    const server = new FaultServer(options);
    const { socketPath } = options;
    server.#server.listen(
      socketPath === undefined ? { host: "127.0.0.1", port: 0 } : { path: socketPath },
    );
    await once(server.#server, "listening");
    return server;
  }

  /** Without a slash at the end. Not of a server on a socket. */
  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  get port(): number {
    return listeningPort(this.#server);
  }

  /** From the next request on. */
  answers(...faults: readonly Fault[]): void {
    this.#faults = faults;
  }

  /** Ends all connections; from now on the port refuses new ones. */
  async stop(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, "close");
  }
}

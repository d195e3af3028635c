import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { createServer as createTlsServer } from "node:https";
import type { SecureVersion } from "node:tls";

import { listeningPort } from "../core/listening-port.ts";

/** Handles one request with a fault. */
export type Fault = (request: IncomingMessage, response: ServerResponse) => void;

/** How much of a response is sent before the fault. */
export type Phase = "before headers" | "after headers" | "mid body";

/** Content-Length of the complete body, which is `[]` twice. */
const LENGTH = 4;
const HALF = "[]";

function sendUpTo(phase: Phase, response: ServerResponse, fault: () => void): void {
  if (phase === "before headers") return fault();
  response.writeHead(200, { "content-length": LENGTH });
  response.flushHeaders();
  if (phase === "after headers") return void setImmediate(fault);
  response.write(HALF, fault);
}

/** Sends nothing more, and keeps the connection open. */
export function hang(phase: Phase): Fault {
  return (_request, response) => sendUpTo(phase, response, () => {});
}

/** Resets the connection. */
export function reset(phase: Phase): Fault {
  return (_request, response) =>
    sendUpTo(phase, response, () => response.socket?.resetAndDestroy());
}

/** Closes the connection with FIN before the response is complete. */
export function close(phase: Phase): Fault {
  return (_request, response) => sendUpTo(phase, response, () => response.socket?.end());
}

export function status(
  code: number,
  headers: Readonly<Record<string, string>> = {},
  body = "",
): Fault {
  return (_request, response) => response.writeHead(code, headers).end(body);
}

/** Sends a complete response with the status 200. */
export function answer(body: string | Uint8Array, type = "application/octet-stream"): Fault {
  return (_request, response) => response.writeHead(200, { "content-type": type }).end(body);
}

/** Sends more bytes than Content-Length announces. */
export function tooLong(body: string, contentLength: number): Fault {
  return (_request, response) => {
    response.socket?.end(`HTTP/1.1 200 OK\r\nContent-Length: ${contentLength}\r\n\r\n${body}`);
  };
}

/** Sends these bytes and nothing else, in pieces that arrive one by one. @param options.ends closes the connection afterwards */
export function raw(
  text: string,
  { pieceBytes = text.length, ends = false }: { pieceBytes?: number; ends?: boolean } = {},
): Fault {
  const bytes = Buffer.from(text, "latin1");
  return ({ socket }) => {
    socket.on("error", () => {});
    const send = (from: number): void => {
      if (socket.destroyed) return;
      if (from < bytes.length)
        socket.write(bytes.subarray(from, from + pieceBytes), () =>
          setImmediate(send, from + pieceBytes),
        );
      else if (ends) socket.end();
    };
    send(0);
  };
}

/** Sends this text, and then letters until the client closes the connection. */
export function endless(start: string): Fault {
  return ({ socket }) => {
    socket.on("error", () => {});
    const send = (bytes: string): void => {
      if (!socket.destroyed) socket.write(bytes, () => setImmediate(send, "x".repeat(1000)));
    };
    send(start);
  };
}

/** A captive portal, or the login page of a proxy. */
export const loginPage: Fault = answer("<html>Please log in</html>", "text/html");

/** Redirects to `location`, by default to the same URL. */
export function redirect(location?: string, code = 302): Fault {
  return (request, response) =>
    response.writeHead(code, { location: location ?? request.url ?? "/" }).end();
}

/** Sends a listing of about this many bytes, or an endless one, as fast as the client reads. */
export function longListing(bytes = Infinity, start = "["): Fault {
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
    response.write(start);
    send();
  };
}

interface FaultServerOptions {
  /** Certificate and key as PEM; with `clientCa` the client needs a certificate of that CA. */
  readonly tls?: {
    readonly pem: string;
    readonly clientCa?: string;
    readonly maxVersion?: SecureVersion;
  };
  readonly socketPath?: string;
  /** Accepts connections without reading: handshakes and requests never end. */
  readonly silent?: boolean;
}

/** An HTTP server on loopback that handles each request with the next fault of a list, and all further ones with the last. */
export class FaultServer {
  /** The received requests, in order. */
  readonly requests: IncomingMessage[] = [];
  /** Bytes sent on connections that are closed. */
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
            ...(tls.maxVersion && { maxVersion: tls.maxVersion }),
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

  /** Without a trailing slash. Not available for a server on a Unix socket. */
  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  get port(): number {
    return listeningPort(this.#server);
  }

  /** Sets the list of faults from the next request on. */
  answers(...faults: readonly Fault[]): void {
    this.#faults = faults;
  }

  /** Closes all connections. The port refuses new ones. */
  async stop(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, "close");
  }
}

import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";

import { listeningPort } from "../core/listening-port.ts";

/** An HTTP proxy on loopback that resolves every host name to a loopback server: `CONNECT` for https, absolute URLs for http. */
export class LoopbackProxy {
  /** The request lines in order: `CONNECT repo.example:443`, `GET http://repo.example/config`. */
  readonly asked: string[] = [];
  /** The Proxy-Authorization header of each request. */
  readonly logins: (string | undefined)[] = [];
  /** The status with which it refuses requests. 0: it does not respond; undefined: it forwards them. */
  refusal: number | undefined;
  /** Number of connections that clients have opened. */
  connections = 0;
  readonly #server: Server;
  readonly #open = new Set<Duplex>();

  private constructor(target: (host: string) => number) {
    this.#server = createServer((request, response) => {
      if (!this.#passes(request)) {
        if (this.refusal) response.writeHead(this.refusal).end();
        return;
      }
      const { pathname, search, hostname } = new URL(request.url ?? "");
      const onward = httpRequest(
        {
          port: target(hostname),
          host: "127.0.0.1",
          method: request.method,
          path: pathname + search,
          headers: request.headers,
        },
        (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers)),
      );
      onward.on("error", () => response.destroy());
      request.pipe(onward);
    });
    this.#server.on("connect", (request: IncomingMessage, socket: Duplex) => {
      if (!this.#passes(request)) {
        if (this.refusal) socket.end(`HTTP/1.1 ${this.refusal} No\r\nContent-Length: 0\r\n\r\n`);
        // node:http keeps sockets half open.
        socket.on("end", () => socket.end()).resume();
        return;
      }
      const [host = ""] = (request.url ?? "").split(":");
      const onward = connect(target(host), "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connected\r\n\r\n");
        socket.pipe(onward).pipe(socket);
      });
      this.#keep(onward);
    });
    this.#server.on("connection", (socket) => {
      this.connections += 1;
      this.#keep(socket);
    });
  }

  /** @param target the port of the server for a host name */
  static async start(target: (host: string) => number): Promise<LoopbackProxy> {
    const proxy = new LoopbackProxy(target);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  /** Host and port. */
  get where(): string {
    return `127.0.0.1:${listeningPort(this.#server)}`;
  }

  /** Number of open connections. */
  get open(): number {
    return this.#open.size;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    await once(this.#server, "close");
  }

  #passes({ method, url, headers }: IncomingMessage): boolean {
    this.asked.push(`${method} ${url}`);
    this.logins.push(headers["proxy-authorization"]);
    return this.refusal === undefined;
  }

  #keep(socket: Duplex): void {
    this.#open.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#open.delete(socket));
  }
}

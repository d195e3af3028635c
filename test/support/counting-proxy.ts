import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import type { Server } from "node:http";

import { listeningPort } from "./listening-port.ts";

/** Stands before an HTTP server on loopback and counts what is asked of it; whoever asks takes it for the server itself. */
export class CountingProxy {
  requests = 0;
  /** Of bodies of answers. */
  receivedBytes = 0;
  readonly #server: Server;

  private constructor(target: URL) {
    this.#server = createServer((request, response) => {
      this.requests += 1;
      const onward = httpRequest(
        {
          host: target.hostname,
          port: target.port,
          method: request.method,
          path: request.url,
          headers: request.headers,
        },
        (answer) => {
          answer.on("data", (chunk: Buffer) => (this.receivedBytes += chunk.length));
          answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers));
        },
      );
      onward.on("error", () => response.destroy());
      request.pipe(onward);
    });
  }

  static async start(url: string): Promise<CountingProxy> {
    const proxy = new CountingProxy(new URL(url));
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${listeningPort(this.#server)}`;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}

import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import type { RequestListener, Server } from "node:http";
import { createServer as createTlsServer } from "node:https";

import { listeningPort } from "../core/listening-port.ts";

interface CountingOptions {
  /** Certificate and key, to be asked by https. */
  readonly pem?: string;
  /** The server is told its own name, in place of that of the proxy. */
  readonly isNamed?: boolean;
}

/** Stands before an HTTP server on loopback and counts what is asked of it; whoever asks takes it for the server itself. */
export class CountingProxy {
  requests = 0;
  /** Method and target of each. */
  readonly asked: string[] = [];
  /** Of bodies of answers. */
  receivedBytes = 0;
  readonly #server: Server;

  private constructor(target: URL, { pem, isNamed = false }: CountingOptions) {
    const listener: RequestListener = (request, response) => {
      this.requests += 1;
      this.asked.push(`${request.method} ${request.url}`);
      const onward = httpRequest(
        {
          // A connection that is kept may be one that the server is about to close.
          agent: false,
          host: target.hostname,
          port: target.port,
          method: request.method,
          path: request.url,
          headers: { ...request.headers, ...(isNamed && { host: target.host }) },
        },
        (answer) => {
          const { "transfer-encoding": _, ...head } = answer.headers;
          if (request.method === "HEAD")
            return void response.writeHead(answer.statusCode ?? 502, head).end();
          answer.on("data", (chunk: Buffer) => (this.receivedBytes += chunk.length));
          answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers));
        },
      );
      // Swift sends a body even to HEAD, which is no HTTP any more.
      onward.on("error", () => response.writableEnded || response.destroy());
      request.pipe(onward);
    };
    this.#server =
      pem === undefined
        ? createServer(listener)
        : createTlsServer({ cert: pem, key: pem }, listener);
  }

  static async start(url: string, options: CountingOptions = {}): Promise<CountingProxy> {
    const proxy = new CountingProxy(new URL(url), options);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  /** Of one that is not asked by https. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get port(): number {
    return listeningPort(this.#server);
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}

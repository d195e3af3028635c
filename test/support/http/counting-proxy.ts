import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import type { RequestListener, Server } from "node:http";
import { createServer as createTlsServer } from "node:https";

import { listeningPort } from "../core/listening-port.ts";

interface CountingOptions {
  /** Certificate and key; undefined: plain HTTP. */
  readonly pem?: string;
  /** Replaces the Host header by the host of the server. */
  readonly isNamed?: boolean;
}

/** A reverse proxy on loopback that counts requests and received bytes. */
export class CountingProxy {
  requests = 0;
  /** Method and target of each request. */
  readonly asked: string[] = [];
  /** Bytes of the response bodies. */
  receivedBytes = 0;
  readonly #server: Server;

  private constructor(target: URL, { pem, isNamed = false }: CountingOptions) {
    const listener: RequestListener = (request, response) => {
      this.requests += 1;
      this.asked.push(`${request.method} ${request.url}`);
      const onward = httpRequest(
        {
          // No keep-alive: the server could close a kept connection at any time.
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
      // Swift sends a body for HEAD, which violates HTTP.
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

  /** The URL of a proxy without TLS. */
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

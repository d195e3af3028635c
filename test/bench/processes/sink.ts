import { createServer } from "node:http";

import { listeningPort } from "../../support/core/listening-port.ts";

/** An OTLP receiver that only counts requests and bytes. */
export class Sink {
  requests = 0;
  bytes = 0;
  readonly #server = createServer((request, response) => {
    const isJson = request.headers["content-type"] === "application/json";
    request.on("data", (chunk: Buffer) => (this.bytes += chunk.length));
    request.on("end", () => {
      this.requests += 1;
      response.setHeader("content-type", isJson ? "application/json" : "application/x-protobuf");
      response.end(isJson ? "{}" : "");
    });
  });

  static async start(): Promise<Sink> {
    const sink = new Sink();
    await new Promise<void>((resolve) => sink.#server.listen(0, "127.0.0.1", resolve));
    return sink;
  }

  get url(): string {
    return `http://127.0.0.1:${listeningPort(this.#server)}/v1/metrics`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

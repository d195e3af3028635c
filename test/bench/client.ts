import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";

/** One response. */
export interface Scrape {
  readonly ms: number;
  readonly status: number;
  /** Size on the wire, with the header. */
  readonly bytes: number;
  readonly isGzip: boolean;
}

/** End of a chunked body; it occurs in no exposition. */
const LAST_CHUNK = "\r\n0\r\n\r\n";
const HEAD_END = "\r\n\r\n";

/** Scrapes `/metrics` over one connection, and only counts the bytes: parsing would take longer than the server does. */
export class ScrapeClient {
  readonly #socket: Socket;
  readonly #host: string;
  #onBytes: (bytes: Buffer) => void = () => {};
  #fail: (error: Error) => void = () => {};

  private constructor(host: string, port: number) {
    this.#host = `${host}:${port}`;
    const buffer = Buffer.allocUnsafe(2 ** 18);
    const callback = (length: number): boolean => {
      this.#onBytes(buffer.subarray(0, length));
      return true;
    };
    this.#socket = connect({ host, port, noDelay: true, onread: { buffer, callback } });
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", () => this.#fail(new Error("the server closed the connection")));
  }

  static async connect(url: string): Promise<ScrapeClient> {
    const { hostname, port } = new URL(url);
    const client = new ScrapeClient(hostname, Number(port));
    await once(client.#socket, "connect");
    return client;
  }

  scrape(encoding: "identity" | "gzip"): Promise<Scrape> {
    return new Promise((resolve, reject) => {
      const startedMs = performance.now();
      let bytes = 0;
      let head = "";
      /** Size of the whole response; NaN: not known yet; Infinity: chunked. */
      let length = NaN;
      let tail = "";
      this.#fail = reject;
      this.#onBytes = (part) => {
        bytes += part.length;
        if (Number.isNaN(length)) {
          head += part.toString("latin1");
          const end = head.indexOf(HEAD_END);
          if (end < 0) return;
          head = head.slice(0, end).toLowerCase();
          const body = /^content-length: (\d+)/m.exec(head)?.[1];
          length = body === undefined ? Infinity : end + HEAD_END.length + Number(body);
        }
        if (length === Infinity)
          tail = (tail + part.subarray(-LAST_CHUNK.length).toString("latin1")).slice(
            -LAST_CHUNK.length,
          );
        if (bytes < length && tail !== LAST_CHUNK) return;
        const ms = performance.now() - startedMs;
        const status = Number(head.split(" ")[1]);
        resolve({ ms, status, bytes, isGzip: /^content-encoding: gzip/m.test(head) });
      };
      this.#socket.write(
        `GET /metrics HTTP/1.1\r\nhost: ${this.#host}\r\naccept: text/plain\r\naccept-encoding: ${encoding}\r\n\r\n`,
      );
    });
  }

  close(): void {
    this.#fail = () => {};
    this.#socket.destroy();
  }
}

/** Scrapes until the status is 200; returns that response. */
export async function firstScrape(client: ScrapeClient, pauseMs = 5): Promise<Scrape> {
  for (;;) {
    const answer = await client.scrape("identity");
    if (answer.status === 200) return answer;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

import { Agent, request } from "node:http";
import type { RequestOptions } from "node:http";

/** The status of a scrape, or the code of the error that ended it. */
export type Ending = number | string;

interface Habits {
  /** False: each scrape opens a connection. */
  readonly keepAlive: boolean;
  /** Repeats a scrape if a kept connection is closed instead of a response (RFC 9110, section 9.2.2). */
  readonly asksAgain: boolean;
}

/** Scrapes `/metrics` of one agent without a pause, one scrape at a time. */
export class Scraper {
  /** The result of each scrape, in order. */
  readonly endings: Ending[] = [];
  /** Whether a scrape waits for its response. */
  waiting = false;
  readonly #options: RequestOptions;
  readonly #asksAgain: boolean;
  readonly #agent: Agent | undefined;

  constructor(url: string, { keepAlive, asksAgain }: Habits) {
    this.#asksAgain = asksAgain;
    const { hostname, port } = new URL(url);
    this.#agent = keepAlive ? new Agent({ keepAlive, maxSockets: 1 }) : undefined;
    this.#options = { hostname, port, path: "/metrics", agent: this.#agent ?? false };
  }

  /** Scrapes while `goesOn` returns true. */
  async run(goesOn: () => boolean): Promise<void> {
    while (goesOn()) {
      this.endings.push(await this.#scrape());
      this.waiting = false;
    }
    this.#agent?.destroy();
  }

  /** Scrapes until a status is not 200. */
  async runWhileAnswered(): Promise<void> {
    await this.run(() => (this.endings.at(-1) ?? 200) === 200);
  }

  async #scrape(): Promise<Ending> {
    const { ending, unanswered } = await this.#once();
    return unanswered && this.#asksAgain ? this.#scrape() : ending;
  }

  #once(): Promise<{ readonly ending: Ending; readonly unanswered: boolean }> {
    return new Promise((resolve) => {
      const sent = request(this.#options, (response) => {
        const { statusCode = 0 } = response;
        response.resume();
        response.once("end", () => resolve({ ending: statusCode, unanswered: false }));
        response.once("error", () => resolve({ ending: "half an answer", unanswered: false }));
      });
      sent.once("error", (error: NodeJS.ErrnoException) => {
        const { code = error.message } = error;
        const closed = code === "ECONNRESET" || code === "EPIPE";
        resolve({ ending: code, unanswered: closed && sent.reusedSocket });
      });
      sent.once("finish", () => {
        this.waiting = true;
      });
      sent.end();
    });
  }
}

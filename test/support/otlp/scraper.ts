import { Agent, request } from "node:http";
import type { RequestOptions } from "node:http";

/** How a scrape ended: its status, or the code of what has cut it off. */
export type Ending = number | string;

interface Habits {
  /** False: each scrape has a connection of its own. */
  readonly keepAlive: boolean;
  /** Asks once more if a connection that was kept is closed in place of an answer, as RFC 9110 section 9.2.2 lets it. */
  readonly asksAgain: boolean;
}

/** Scrapes `/metrics` of one agent without a pause, one scrape at a time. */
export class Scraper {
  /** How each scrape ended, in their order. */
  readonly endings: Ending[] = [];
  /** A scrape was sent, and not answered yet. */
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

  /** Scrapes for as long as `goesOn` says so. */
  async run(goesOn: () => boolean): Promise<void> {
    while (goesOn()) {
      this.endings.push(await this.#scrape());
      this.waiting = false;
    }
    this.#agent?.destroy();
  }

  /** Scrapes until a scrape is not answered with 200. */
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

import { waitFor } from "../../core/abort.ts";
import type { Clock } from "../../core/clock.ts";

export interface Connection {
  /** Aborted when the connection is unusable, with the failure as its reason. */
  readonly dead: AbortSignal;
  /** Never rejects. */
  end(): Promise<void>;
}

const IDLE_MS = 30_000;

/** One connection for all calls. Opened by the first call and again after a failure; ended when it is idle for 30 s. */
export class SharedConnection<C extends Connection> {
  readonly #open: () => C;
  readonly #clock: Clock;
  #current: C | undefined;
  #users = 0;
  /** Aborted by the next call. */
  #idle = new AbortController();

  constructor(open: () => C, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  /** @throws the error of `run`, the reason of the signal, or the failure of the connection */
  async use<T>(run: (connection: C) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    this.#idle.abort();
    if (!this.#current || this.#current.dead.aborted) this.#current = this.#open();
    const connection = this.#current;
    this.#users += 1;
    try {
      return await waitFor(run(connection), signal, connection.dead);
    } finally {
      this.#users -= 1;
      if (this.#users === 0) this.#endWhenIdle();
    }
  }

  async close(): Promise<void> {
    const connection = this.#current;
    this.#current = undefined;
    this.#idle.abort();
    await connection?.end();
  }

  #endWhenIdle(): void {
    this.#idle = new AbortController();
    this.#clock.sleep(IDLE_MS, this.#idle.signal).then(
      () => this.close(),
      () => {},
    );
  }
}

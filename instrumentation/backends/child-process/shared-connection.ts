import { waitFor } from "../../core/abort.ts";
import type { Clock } from "../../core/clock.ts";

/** Something that is open until it dies. */
export interface Connection {
  /** Aborted once nothing can be asked any more, with the failure as its reason. */
  readonly dead: AbortSignal;
  /** Never rejects. */
  end(): Promise<void>;
}

const IDLE_MS = 30_000;

/** One connection for all calls: opened by the first, opened anew once it is dead, ended when nobody has used it for a while. */
export class SharedConnection<C extends Connection> {
  readonly #open: () => C;
  readonly #clock: Clock;
  #current: C | undefined;
  #users = 0;
  /** Aborted by the next use. */
  #idle = new AbortController();

  constructor(open: () => C, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  /** @throws what `run` throws, the reason of the signal, or that of the death of the connection */
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

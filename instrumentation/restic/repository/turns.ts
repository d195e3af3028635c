/** How long work may hold the event loop, milliseconds. */
const TURN_MS = 5;

/** Work that is done once the event loop has seen to all connections, a few milliseconds at a time. */
export class Turns<T> {
  readonly #work: (item: T) => void;
  #items: T[] = [];
  #isPlanned = false;
  #settled: PromiseWithResolvers<void> | undefined;

  /** @param work does not throw */
  constructor(work: (item: T) => void) {
    this.#work = work;
  }

  add(item: T): void {
    this.#items.push(item);
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setImmediate(() => this.#turn());
  }

  /** Resolves when everything that was added is done. */
  async done(): Promise<void> {
    if (!this.#isPlanned) return;
    this.#settled ??= Promise.withResolvers();
    await this.#settled.promise;
  }

  #turn(): void {
    const end = performance.now() + TURN_MS;
    let count = 0;
    for (const item of this.#items) {
      this.#work(item);
      count += 1;
      if (performance.now() > end) break;
    }
    this.#items = this.#items.slice(count);
    if (this.#items.length > 0) setImmediate(() => this.#turn());
    else {
      this.#isPlanned = false;
      this.#settled?.resolve();
      this.#settled = undefined;
    }
  }
}

/** How long work may hold the event loop, milliseconds. */
const TURN_MS = 5;

/** Work that is done once the event loop has seen to all connections, a few milliseconds at a time. */
export class TimeSlicedQueue<T> {
  readonly #work: (items: readonly T[], at: number) => void;
  #items: T[] = [];
  #isPlanned = false;
  #settled: PromiseWithResolvers<void> | undefined;

  /** @param work does the item at this place, and is called for those behind it in turn; it does not throw */
  constructor(work: (items: readonly T[], at: number) => void) {
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
    let done = 0;
    do this.#work(this.#items, done++);
    while (done < this.#items.length && performance.now() <= end);
    this.#items = this.#items.slice(done);
    if (this.#items.length > 0) setImmediate(() => this.#turn());
    else {
      this.#isPlanned = false;
      this.#settled?.resolve();
      this.#settled = undefined;
    }
  }
}

import type { Socket } from "node:net";

import { AnswerReader } from "./answer.ts";
import type { Answer } from "./answer.ts";
import { NoAnswerError } from "./failure.ts";
import type { Exchange } from "./pool.ts";
import type { Route } from "./route.ts";

/** What becomes of a connection. */
export interface LineEvents {
  readonly done: (exchange: Exchange, answer: Answer) => void;
  /** @param isStale the server has ended a connection that was kept, and seems not to have seen the request */
  readonly failed: (exchange: Exchange, error: unknown, isStale: boolean) => void;
  /** It can carry another one. */
  readonly free: () => void;
  readonly closed: () => void;
}

/** One connection, opened with its first request, that carries one after the other. */
export class Line {
  readonly #route: Route;
  readonly #idleMs: number;
  readonly #events: LineEvents;
  readonly #reader = new AnswerReader();
  readonly #opening = new AbortController();
  #socket: Socket | undefined;
  #exchange: Exchange | undefined;
  #answered = 0;
  #restedAt = 0;
  #isClosed = false;

  constructor(route: Route, idleMs: number, events: LineEvents) {
    this.#route = route;
    this.#idleMs = idleMs;
    this.#events = events;
  }

  carry(exchange: Exchange): void {
    exchange.line = this;
    this.#exchange = exchange;
    if (this.#socket) this.#write(this.#socket.ref(), exchange);
    else void this.#open(exchange);
  }

  /** Nothing is under way on it; it does not hold the process. */
  rest(): void {
    this.#restedAt = performance.now();
    this.#socket?.unref();
  }

  /** Milliseconds. */
  restedFor(): number {
    return performance.now() - this.#restedAt;
  }

  /** What it carries is not told of it. */
  close(): void {
    this.#exchange = undefined;
    this.#end(undefined);
  }

  async #open(exchange: Exchange): Promise<void> {
    const patience = { idleMs: this.#idleMs, signal: this.#opening.signal };
    try {
      const socket = await this.#route.open((bytes) => this.#received(bytes), patience);
      this.#socket = socket;
      let failure: unknown;
      socket
        .on("timeout", () => this.#end(new NoAnswerError()))
        .on("error", (error) => (failure = error))
        .on("close", () => this.#ended(failure));
      if (this.#isClosed) socket.destroy();
      else this.#write(socket, exchange);
    } catch (error) {
      this.#end(error);
    }
  }

  #write(socket: Socket, { head, body, maxBytes }: Exchange): void {
    this.#reader.begin(maxBytes);
    if (body === undefined) {
      socket.write(head, "latin1");
      return;
    }
    socket.cork();
    socket.write(head, "latin1");
    socket.write(body);
    socket.uncork();
  }

  #received(bytes: Buffer): void {
    // Nothing was asked.
    if (!this.#exchange) return this.close();
    try {
      const answer = this.#reader.feed(bytes);
      if (answer) this.#done(this.#exchange, answer);
    } catch (error) {
      this.#end(error);
    }
  }

  #done(exchange: Exchange, answer: Answer): void {
    this.#exchange = undefined;
    exchange.line = undefined;
    this.#answered += 1;
    if (this.#reader.lasting) this.#events.free();
    else this.close();
    this.#events.done(exchange, answer);
  }

  #ended(failure: unknown): void {
    const answer = failure === undefined && this.#exchange ? this.#reader.end() : undefined;
    if (answer && this.#exchange) this.#done(this.#exchange, answer);
    else this.#end(failure ?? Object.assign(new Error("ended"), { code: "ECONNRESET" }));
  }

  #end(error: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#opening.abort();
    this.#socket?.destroy();
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#events.closed();
    if (!exchange) return;
    exchange.line = undefined;
    const isStale = this.#answered > 0 && !this.#reader.begun && !(error instanceof NoAnswerError);
    this.#events.failed(exchange, error, isStale);
  }
}

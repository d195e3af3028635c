import type { Socket } from "node:net";

import { AnswerReader } from "./response-parser.ts";
import type { Answer } from "./response-parser.ts";
import { NoAnswerError } from "./errors.ts";
import type { Exchange } from "./pool.ts";
import type { Route } from "./connector.ts";

/** What becomes of a connection. */
export interface LineEvents {
  readonly done: (exchange: Exchange, answer: Answer) => void;
  /** @param isStale the server has ended a connection that was kept, and seems not to have seen the request */
  readonly failed: (exchange: Exchange, error: unknown, isStale: boolean) => void;
  /** It can carry another one. */
  readonly free: () => void;
  /** @param isCutOff the other side ended it soon, with requests on it that waited for their turn */
  readonly closed: (isCutOff: boolean) => void;
}

/** Many servers end a connection after a hundred requests, or a thousand: that says nothing. */
const FEW = 20;

/** One connection, opened with its first request, that carries one after the other, or several that are answered in turn. */
export class Line {
  readonly #route: Route;
  readonly #idleMs: number;
  readonly #events: LineEvents;
  readonly #reader = new AnswerReader();
  readonly #opening = new AbortController();
  #socket: Socket | undefined;
  /** Under way; the answer of the first one comes next. */
  #exchanges: Exchange[] = [];
  /** Heads that are about to be sent. */
  #unsent = "";
  #answered = 0;
  #restedAt = 0;
  #isClosed = false;

  constructor(route: Route, idleMs: number, events: LineEvents) {
    this.#route = route;
    this.#idleMs = idleMs;
    this.#events = events;
  }

  /** Requests under way. */
  get load(): number {
    return this.#exchanges.length;
  }

  /** Whether the server goes on after an answer. */
  get isProven(): boolean {
    return this.#answered > 0;
  }

  carry(exchange: Exchange): void {
    exchange.line = this;
    this.#exchanges.push(exchange);
    if (this.#exchanges.length === 1) this.#reader.begin(exchange.maxBytes);
    if (!this.#socket) void this.#open(exchange);
    else {
      if (this.#exchanges.length === 1) this.#socket.ref();
      this.#write(this.#socket, exchange);
    }
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

  /** Ends the connection. That exchange is told nothing; others under way on it have failed. */
  close(exchange?: Exchange): void {
    if (exchange === this.#exchanges[0]) this.#reader.begun = false;
    this.#exchanges = this.#exchanges.filter((other) => other !== exchange);
    this.#end(new Error("given up"), false);
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

  /** Requests that follow what one read has brought go out together. */
  #write(socket: Socket, { head, body }: Exchange): void {
    if (this.#unsent === "") process.nextTick(() => this.#flush(socket));
    this.#unsent += head;
    if (body === undefined) return;
    socket.cork();
    this.#flush(socket);
    socket.write(body);
    socket.uncork();
  }

  #flush(socket: Socket): void {
    if (this.#unsent !== "" && !this.#isClosed) socket.write(this.#unsent, "latin1");
    this.#unsent = "";
  }

  #received(bytes: Buffer): void {
    let rest = bytes;
    try {
      for (;;) {
        const [exchange] = this.#exchanges;
        // Nothing was asked.
        if (!exchange) return this.close();
        const answer = this.#reader.feed(rest);
        if (!answer) return;
        rest = rest.subarray(rest.length - this.#reader.left);
        this.#done(exchange, answer);
        if (rest.length === 0 || this.#isClosed) return;
      }
    } catch (error) {
      this.#end(error);
    }
  }

  #done(exchange: Exchange, answer: Answer): void {
    this.#exchanges.shift();
    exchange.line = undefined;
    this.#answered += 1;
    const { lasting, left } = this.#reader;
    const [next] = this.#exchanges;
    if (next) this.#reader.begin(next.maxBytes);
    // What comes unasked is not taken for another answer.
    if (!lasting || (left > 0 && !next))
      this.#end(new Error("the last answer"), next !== undefined);
    else this.#events.free();
    this.#events.done(exchange, answer);
  }

  #ended(failure: unknown): void {
    const [exchange] = this.#exchanges;
    const answer = failure === undefined && exchange ? this.#reader.end() : undefined;
    if (exchange && answer) this.#done(exchange, answer);
    this.#end(failure ?? Object.assign(new Error("ended"), { code: "ECONNRESET" }));
  }

  #end(error: unknown, isCutOff = this.#exchanges.length > 1): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#opening.abort();
    this.#socket?.destroy();
    const exchanges = this.#exchanges;
    this.#exchanges = [];
    this.#events.closed(isCutOff && this.#answered < FEW);
    for (const [place, exchange] of exchanges.entries()) {
      exchange.line = undefined;
      const isFirst = place === 0;
      const isSeen = isFirst && (this.#reader.begun || error instanceof NoAnswerError);
      this.#events.failed(exchange, error, this.#answered > 0 && !isSeen);
    }
  }
}

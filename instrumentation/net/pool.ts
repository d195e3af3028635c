import type { Answer } from "./answer.ts";
import { Line } from "./line.ts";
import type { Route } from "./route.ts";

/** A request as it is sent. */
export interface Message {
  /** With the empty line. */
  readonly head: string;
  readonly body: Uint8Array | undefined;
  /** Bound of the body of the answer. */
  readonly maxBytes: number;
}

/** A message on its way. */
export interface Exchange extends Message {
  readonly signal: AbortSignal;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
  line: Line | undefined;
  /** It was sent on a connection that the server was about to end. */
  isRepeated: boolean;
}

/** Many servers end a connection on which nothing has come for 5 s. */
const KEEP_MS = 4000;

/** Connections to one server, each with one request under way; further ones wait. */
export class Pool {
  readonly #route: Route;
  readonly #limit: number;
  readonly #idleMs: number;
  /** Open ones, and those that are being opened. */
  readonly #lines = new Set<Line>();
  readonly #idle: Line[] = [];
  readonly #waiting: Exchange[] = [];
  readonly #abortable = new Map<AbortSignal, { exchanges: Set<Exchange>; abort: () => void }>();

  constructor(route: Route, limit: number, idleMs: number) {
    this.#route = route;
    this.#limit = limit;
    this.#idleMs = idleMs;
  }

  /** @throws the error of the socket, ProtocolError, TooLongError, NoAnswerError, ProxyRefusal, or the reason of the signal */
  send(message: Message, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const exchange = { ...message, signal, resolve, reject, line: undefined, isRepeated: false };
      this.#watch(exchange);
      this.#dispatch(exchange);
    });
  }

  #dispatch(exchange: Exchange): void {
    const line = exchange.isRepeated ? undefined : this.#idleLine();
    if (line) line.carry(exchange);
    else if (this.#lines.size >= this.#limit) this.#waiting.push(exchange);
    else {
      const opened: Line = new Line(this.#route, this.#idleMs, {
        done: (settled, answer) => this.#settle(settled, () => settled.resolve(answer)),
        failed: (unsettled, error, isStale) => this.#failed(unsettled, error, isStale),
        free: () => this.#next(opened),
        closed: () => this.#closed(opened),
      });
      this.#lines.add(opened);
      opened.carry(exchange);
    }
  }

  #idleLine(): Line | undefined {
    for (let line = this.#idle.pop(); line; line = this.#idle.pop()) {
      if (line.restedFor() < KEEP_MS) return line;
      line.close();
    }
    return undefined;
  }

  #next(line: Line): void {
    const waiting = this.#waiting.shift();
    if (waiting) line.carry(waiting);
    else {
      line.rest();
      this.#idle.push(line);
    }
  }

  #closed(line: Line): void {
    this.#lines.delete(line);
    const place = this.#idle.indexOf(line);
    if (place >= 0) this.#idle.splice(place, 1);
    const waiting = this.#waiting.shift();
    if (waiting) this.#dispatch(waiting);
  }

  /** What the server may not have got is sent once more, if that changes nothing. */
  #failed(exchange: Exchange, error: unknown, isStale: boolean): void {
    if (isStale && exchange.body === undefined && !exchange.isRepeated) {
      exchange.isRepeated = true;
      this.#dispatch(exchange);
    } else this.#settle(exchange, () => exchange.reject(error));
  }

  #settle(exchange: Exchange, how: () => void): void {
    const { signal } = exchange;
    const watched = this.#abortable.get(signal);
    watched?.exchanges.delete(exchange);
    if (watched?.exchanges.size === 0) {
      signal.removeEventListener("abort", watched.abort);
      this.#abortable.delete(signal);
    }
    how();
  }

  /** Many requests share a signal: one listener for all of them. */
  #watch(exchange: Exchange): void {
    const { signal } = exchange;
    let watched = this.#abortable.get(signal);
    if (!watched) {
      const exchanges = new Set<Exchange>();
      const abort = (): void => {
        for (const one of exchanges) this.#giveUp(one);
      };
      watched = { exchanges, abort };
      this.#abortable.set(signal, watched);
      signal.addEventListener("abort", abort);
    }
    watched.exchanges.add(exchange);
  }

  #giveUp(exchange: Exchange): void {
    const place = this.#waiting.indexOf(exchange);
    if (place >= 0) this.#waiting.splice(place, 1);
    this.#settle(exchange, () => exchange.reject(exchange.signal.reason));
    exchange.line?.close();
  }
}

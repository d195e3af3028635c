import type { Answer } from "./response-parser.ts";
import { Line } from "./connection.ts";
import type { Route } from "./connector.ts";

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

export interface PoolLimits {
  readonly connections: number;
  /** Requests under way on one connection: more than one only where nothing is asked that changes something. */
  readonly pipelining: number;
  /** How long a connection with a request may be silent, milliseconds. */
  readonly idleMs: number;
}

/** Many servers end a connection on which nothing has come for 5 s. */
const KEEP_MS = 4000;

/** Connections to one server; further requests wait. */
export class Pool {
  readonly #route: Route;
  readonly #limits: PoolLimits;
  /** Requests under way on one connection. */
  #depth: number;
  /** Open ones, and those that are being opened. */
  readonly #lines = new Set<Line>();
  readonly #idle: Line[] = [];
  readonly #waiting: Exchange[] = [];
  readonly #abortable = new Map<AbortSignal, { exchanges: Set<Exchange>; abort: () => void }>();

  constructor(route: Route, limits: PoolLimits) {
    this.#route = route;
    this.#limits = limits;
    this.#depth = limits.pipelining;
  }

  /** @throws the error of the socket, ProtocolError, TooLongError, NoAnswerError, ProxyRefusal, or the reason of the signal */
  send(message: Message, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { head, body, maxBytes } = message;
      const state = { line: undefined, isRepeated: false };
      const exchange = { head, body, maxBytes, signal, resolve, reject, ...state };
      this.#watch(exchange);
      this.#dispatch(exchange);
    });
  }

  #dispatch(exchange: Exchange): void {
    const line = this.#lineFor(exchange);
    if (line) line.carry(exchange);
    else this.#waiting.push(exchange);
  }

  #lineFor(exchange: Exchange): Line | undefined {
    const idle = exchange.isRepeated ? undefined : this.#idleLine();
    if (idle) return idle;
    if (this.#lines.size < this.#limits.connections) return this.#newLine();
    let least: Line | undefined;
    for (const line of this.#lines)
      if (this.#mayShare(line, exchange) && line.load < (least?.load ?? Infinity)) least = line;
    return least;
  }

  #newLine(): Line {
    const line: Line = new Line(this.#route, this.#limits.idleMs, {
      done: (settled, answer) => {
        this.#settle(settled);
        settled.resolve(answer);
      },
      failed: (unsettled, error, isStale) => this.#failed(unsettled, error, isStale),
      free: () => this.#next(line),
      closed: (isCutOff) => this.#closed(line, isCutOff),
    });
    this.#lines.add(line);
    return line;
  }

  /** A request may go out before the answer to the one before it has come. RFC 9112, section 9.3.2. */
  #mayShare(line: Line, { body, isRepeated }: Exchange): boolean {
    return line.isProven && line.load < this.#depth && body === undefined && !isRepeated;
  }

  #idleLine(): Line | undefined {
    for (let line = this.#idle.pop(); line; line = this.#idle.pop()) {
      if (line.restedFor() < KEEP_MS) return line;
      line.close();
    }
    return undefined;
  }

  #next(line: Line): void {
    for (;;) {
      const [waiting] = this.#waiting;
      if (!waiting || (line.load > 0 && !this.#mayShare(line, waiting))) break;
      this.#waiting.shift();
      line.carry(waiting);
    }
    if (line.load > 0) return;
    line.rest();
    this.#idle.push(line);
  }

  #closed(line: Line, isCutOff: boolean): void {
    // It may not like them one behind the other.
    if (isCutOff) this.#depth = 1;
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
    } else this.#refuse(exchange, error);
  }

  #refuse(exchange: Exchange, error: unknown): void {
    this.#settle(exchange);
    exchange.reject(error);
  }

  #settle(exchange: Exchange): void {
    const { signal } = exchange;
    const watched = this.#abortable.get(signal);
    watched?.exchanges.delete(exchange);
    if (watched?.exchanges.size === 0) {
      signal.removeEventListener("abort", watched.abort);
      this.#abortable.delete(signal);
    }
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
    this.#refuse(exchange, exchange.signal.reason);
    exchange.line?.close(exchange);
  }
}

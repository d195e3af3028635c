import type { IncomingMessage } from "node:http";

/** The response to a request. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  /** Pieces are sent one after the other, without a copy. */
  readonly body: string | Buffer | readonly Buffer[];
  /** Additional headers, which replace default headers of the same name. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers the requests for one path. GET and HEAD have the same handler: the server omits the body for HEAD. */
export type Handler = (request: IncomingMessage) => Answer | Promise<Answer>;

/** Handlers by path without query: `/path` for GET and HEAD, `POST /path` for POST. */
export type Routes = ReadonlyMap<string, Handler>;

/** @param line without line break */
export function textAnswer(
  status: number,
  line: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, type: "text/plain; charset=utf-8", body: `${line}\n`, headers };
}

import type { IncomingMessage } from "node:http";

/** What a request is answered with. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  /** In pieces where they are there already: they are sent as they are, and not changed. */
  readonly body: string | Buffer | readonly Buffer[];
  /** Further headers, and such as replace those that every answer has. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers requests for one path. A HEAD is answered as its GET; the server leaves the body out. */
export type Handler = (request: IncomingMessage) => Answer | Promise<Answer>;

/** Handlers by path, without the query: of GET and HEAD, and with `POST ` before it of POST. */
export type Routes = ReadonlyMap<string, Handler>;

/** @param line without its end */
export function textAnswer(
  status: number,
  line: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, type: "text/plain; charset=utf-8", body: `${line}\n`, headers };
}

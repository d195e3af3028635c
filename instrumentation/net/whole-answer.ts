import type { Dispatcher } from "undici";

import { AgentError } from "../core/error.ts";

interface Answer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Takes what undici receives for one request, without the streams that its `request` makes: those cost more than all else of a small file. */
export class WholeAnswer implements Dispatcher.DispatchHandler {
  /** Rejects with the error of undici, or what it was aborted with. */
  readonly whole: Promise<Answer>;
  readonly #settled = Promise.withResolvers<Answer>();
  readonly #maxBytes: number;
  readonly #tooLong: string;
  #controller: Dispatcher.DispatchController | undefined;
  #aborted: { readonly reason: unknown } | undefined;
  #status = 0;
  #headers: Readonly<Record<string, string | string[] | undefined>> = {};
  #chunks: Buffer[] = [];
  #size = 0;

  /** @param tooLong the message about more than `maxBytes`, of which nothing more is received */
  constructor(maxBytes: number, tooLong: string) {
    this.whole = this.#settled.promise;
    // It may be aborted before anybody waits for it.
    this.whole.catch(() => {});
    this.#maxBytes = maxBytes;
    this.#tooLong = tooLong;
  }

  /** Ends the request, also one that has not begun. */
  abort(reason: unknown): void {
    this.#aborted ??= { reason };
    this.#settled.reject(reason);
    this.#controller?.abort(asError(reason));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#aborted) controller.abort(asError(this.#aborted.reason));
  }

  /** Also for what comes before the answer, as 103. */
  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > this.#maxBytes) this.abort(new AgentError("corrupt", this.#tooLong));
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [first] = this.#chunks;
    // What undici hands over is memory of its own for each chunk.
    const body = first?.length === this.#size ? first : Buffer.concat(this.#chunks, this.#size);
    this.#settled.resolve({ status: this.#status, headers: flat(this.#headers), body });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#settled.reject(error);
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("aborted", { cause: reason });
}

function flat(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    joined[name] = Array.isArray(value) ? value.join(", ") : (value ?? "");
  return joined;
}

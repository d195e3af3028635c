import { BoundError } from "../../instrumentation/restic/repository/json.ts";

/** A parser of untrusted bytes, as the fuzzer and the test of linear time call it. */
export interface Target {
  readonly name: string;
  /** Valid inputs, where mutation begins. */
  readonly seeds: readonly (string | Uint8Array)[];
  /** Parses an input. @throws AgentError, or an Error of `mayThrow` */
  readonly take: (input: Buffer) => unknown;
  /** Errors beside AgentError that the caller of the parser expects. */
  readonly mayThrow?: (error: Error) => boolean;
  /** The result of an independent parser as text; undefined: it refuses the input. */
  readonly reference?: (input: Buffer) => string | undefined;
  /** Secrets that no message may repeat. Default: `SECRETPW`. */
  readonly canaries?: readonly string[];
  /** Maximum CPU time of a call. Default: 200 ms. */
  readonly maxMs?: number;
  /** The beginnings of inputs whose rest is made of the worst letters. Default: an empty one. Empty list: the input is never long. */
  readonly heads?: readonly string[];
}

/** A decoder's message completes "the file …". */
export const plainError = (error: Error): boolean =>
  error.constructor === Error || error instanceof BoundError;

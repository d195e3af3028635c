import type { JsonSchema } from "./json-schema.ts";

/** `util.inspect.custom`, by its registered name: the public types of this file need no `@types/node`. */
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/**
 * A value that must never be printed. Bytes, because a restic password need not be valid UTF-8.
 * Only `reveal` and `revealText` give the value: search for them to see every use.
 */
export class Secret {
  readonly #bytes: Uint8Array;

  constructor(value: string | Uint8Array) {
    this.#bytes =
      typeof value === "string" ? new TextEncoder().encode(value) : Uint8Array.from(value);
  }

  reveal(): Uint8Array {
    return this.#bytes;
  }

  /** The value as text; invalid UTF-8 becomes U+FFFD. */
  revealText(): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.#bytes);
  }

  get isEmpty(): boolean {
    return this.#bytes.length === 0;
  }

  equals(other: Secret): boolean {
    return Buffer.compare(this.#bytes, other.#bytes) === 0;
  }

  toString(): string {
    return "[redacted]";
  }

  toJSON(): string {
    return "[redacted]";
  }

  [INSPECT](): string {
    return "[redacted]";
  }
}

/** Compares settings deeply, secrets by their value. A reference may be the same although its secret has changed. */
export function sameSettings(a: unknown, b: unknown): boolean {
  if (a instanceof Secret && b instanceof Secret) return a.equals(b);
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return Object.is(a, b);
  const [one, other] = [a, b].map((value) => new Map(Object.entries(value)));
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => sameSettings(one?.get(key), other?.get(key)));
}

/** Where a secret comes from, as the settings name it. The resolver of the scheme checks `reference`. */
export interface SecretReference {
  /** `literal`, or the key in the settings: `file`, `env`, `command`, `vault`. */
  readonly scheme: string;
  readonly reference: unknown;
}

/** Resolves the references of one scheme. A new scheme is one file with a resolver, and one line in the table of resolvers. */
export interface SecretResolver {
  readonly scheme: string;
  /** Further keys allowed in a reference. With them the resolver gets the whole mapping, not only the value of the scheme's key. */
  readonly keys?: readonly string[];
  /** The JSON Schema (draft 7) of a reference with all its keys, for editors. */
  readonly schema?: JsonSchema;
  /** The problem of a reference, without resolving it; undefined if there is none. */
  check(reference: unknown): string | undefined;
  /**
   * @param notBefore milliseconds since the epoch: a cached value that was fetched then or later will do. Default: no cached value
   * @throws AgentError `secret`; the message names the place and never the value
   */
  resolve(reference: unknown, signal: AbortSignal, notBefore?: number): Promise<Secret>;
}

/** A source holds a handle instead of a secret, so that it gets a rotated one. */
export interface SecretHandle {
  /** The value that was resolved last; resolves the first one. @throws AgentError `secret` */
  current(signal: AbortSignal): Promise<Secret>;
  /**
   * Resolves the value again. If that fails, returns the last good one.
   * @param notBefore milliseconds since the epoch: a value that was fetched for another handle since then will do
   * @throws AgentError `secret` if there is no good value
   */
  refresh(signal: AbortSignal, notBefore?: number): Promise<Secret>;
  /** When the value was resolved, milliseconds since the epoch; undefined: not yet. */
  readonly resolvedAt: number | undefined;
}

import { inspect } from "node:util";

/**
 * A value that must never be printed. Bytes, since a password of restic need not be valid UTF-8.
 * `reveal` and `revealText` are the only ways out: search for them to see every use.
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

  /** The value as text, for headers and the like; invalid UTF-8 becomes U+FFFD. */
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

  [inspect.custom](): string {
    return "[redacted]";
  }
}

/** Where a secret comes from, as settings name it. `reference` is checked by the resolver of that scheme. */
export interface SecretReference {
  /** `literal`, or the key that stands in the settings: `file`, `env`, `command`, `vault`. */
  readonly scheme: string;
  readonly reference: unknown;
}

/** One way to get secrets. A scheme is one file with one of these, and one line in the table of resolvers. */
export interface SecretResolver {
  readonly scheme: string;
  /** Keys that may stand in a reference beside the scheme's own: the resolver then gets the whole mapping, not the value of that one key. */
  readonly keys?: readonly string[];
  /** Says what is wrong with a reference, without resolving it; undefined if nothing is. */
  check(reference: unknown): string | undefined;
  /**
   * @param notBefore milliseconds since the epoch: a value that was fetched then or later is new enough, if some are kept.
   * Default: none that is kept
   * @throws AgentError `secret`, naming the place and never the value
   */
  resolve(reference: unknown, signal: AbortSignal, notBefore?: number): Promise<Secret>;
}

/** What a source holds in place of a secret, so that a rotated one reaches it. */
export interface SecretHandle {
  /** The value resolved last, resolving it now if there is none. @throws AgentError `secret` */
  current(signal: AbortSignal): Promise<Secret>;
  /**
   * Resolves anew. If that fails, the last good value stays and is returned; without one it throws.
   * @param notBefore milliseconds since the epoch: a value that was fetched for somebody else since then will do
   * @throws AgentError `secret`
   */
  refresh(signal: AbortSignal, notBefore?: number): Promise<Secret>;
  /** When the value in use was resolved, milliseconds since the epoch; undefined before. */
  readonly resolvedAt: number | undefined;
}

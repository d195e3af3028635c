import { isJsonObject, parseDurationMs, unknownKey } from "restic-otel-instrumentation/internal";
import type { Problem } from "restic-otel-instrumentation/internal";

import { PlainScalar } from "../../settings/document.ts";

/** What YAML 1.1 takes for a truth value, if it is not in quotes: files for Go programs are written so. */
const TRUTHS: ReadonlyMap<string, boolean> = new Map(
  [
    { words: ["y", "yes", "on", "true"], truth: true },
    { words: ["n", "no", "off", "false"], truth: false },
  ].flatMap(({ words, truth }) =>
    words.flatMap((word) =>
      [word, word.toUpperCase(), (word[0] ?? "").toUpperCase() + word.slice(1)].map(
        (spelled) => [spelled, truth] as const,
      ),
    ),
  ),
);
const NOTHING: ReadonlySet<string> = new Set(["", "~", "null", "Null", "NULL"]);

/** A value of a document whose scalars are as they are written, with its place in it; reads it as Go's decoder of YAML does. */
export class WrittenValue {
  readonly #value: unknown;
  readonly #path: Problem["path"];
  readonly #problems: Problem[];

  /** @param problems gets what is wrong */
  constructor(value: unknown, problems: Problem[], path: Problem["path"] = []) {
    this.#value = value;
    this.#problems = problems;
    this.#path = path;
  }

  /** Whether it stands there and is more than nothing. */
  get given(): boolean {
    const value = this.#value;
    return value !== undefined && !(value instanceof PlainScalar && NOTHING.has(value.text));
  }

  /** Whether the key stands there, with or without a value. */
  get mentioned(): boolean {
    return this.#value !== undefined;
  }

  /** Empty if it is not given. */
  text(): string {
    const value = this.#value;
    if (!this.given) return "";
    if (typeof value === "string") return value;
    if (value instanceof PlainScalar) return value.text;
    this.problem("must be text");
    return "";
  }

  /** @param initial if the key is not there; a key without a value is false, as for Go */
  truth(initial: boolean): boolean {
    if (!this.mentioned) return initial;
    if (!this.given) return false;
    const truth = this.#value instanceof PlainScalar ? TRUTHS.get(this.#value.text) : undefined;
    if (truth === undefined) this.problem("must be true or false, without quotes");
    return truth ?? initial;
  }

  /** 0 if it is not given. */
  integer(): number {
    if (!this.given) return 0;
    const text = this.#value instanceof PlainScalar ? this.#value.text : "";
    if (/^\d{1,15}$/.test(text)) return Number(text);
    this.problem("must be a whole number");
    return 0;
  }

  /** 0 if it is not given. */
  durationMs(): number {
    const text = this.text();
    if (text === "" || /^0+$/.test(text)) return 0;
    const ms = parseDurationMs(text);
    if (ms === undefined) this.problem('must be a duration with its unit, like "1s"');
    return ms ?? 0;
  }

  /** Undefined if it is not given. */
  list(): readonly WrittenValue[] | undefined {
    if (!this.given) return undefined;
    if (Array.isArray(this.#value))
      return this.#value.map((entry: unknown, index) => this.#at(index, entry));
    this.problem("must be a list");
    return undefined;
  }

  /** Its entries by key, none if it is not given. @param known refuses other keys */
  entries(known?: readonly string[]): ReadonlyMap<string, WrittenValue> {
    if (!this.given) return new Map();
    if (!isJsonObject(this.#value) || this.#value instanceof PlainScalar) {
      this.problem("must be a mapping");
      return new Map();
    }
    const entries = new Map(
      Object.entries(this.#value).map(([key, value]) => [key, this.#at(key, value)]),
    );
    if (known)
      for (const [key, value] of entries)
        if (!known.includes(key)) value.problem(unknownKey(key, known));
    return entries;
  }

  /** The entry with that key, not given if there is none or this is no mapping. */
  get(key: string): WrittenValue {
    return this.#at(key, isJsonObject(this.#value) ? this.#value[key] : undefined);
  }

  problem(message: string): void {
    this.#problems.push({ path: this.#path, message });
  }

  #at(step: string | number, value: unknown): WrittenValue {
    return new WrittenValue(value, this.#problems, [...this.#path, step]);
  }
}

import { isJsonObject, parseDurationMs, unknownKey } from "restic-otel-instrumentation/internal";
import type { Problem } from "restic-otel-instrumentation/internal";

import { PlainScalar } from "../../settings/document.ts";

/** The unquoted booleans of YAML 1.1, which Go's decoder accepts. */
const TRUE = /^(?:y|Y|yes|Yes|YES|on|On|ON|true|True|TRUE)$/;
const FALSE = /^(?:n|N|no|No|NO|off|Off|OFF|false|False|FALSE)$/;
const NULLS: ReadonlySet<string> = new Set(["", "~", "null", "Null", "NULL"]);

/** A value of a SettingsDocument with `scalars: "written"`, and its path. Decodes it like Go's YAML decoder. */
export class WrittenValue {
  readonly #value: unknown;
  readonly #path: Problem["path"];
  readonly #problems: Problem[];

  /** @param problems receives the problems of this value and the values below it */
  constructor(value: unknown, problems: Problem[], path: Problem["path"] = []) {
    this.#value = value;
    this.#problems = problems;
    this.#path = path;
  }

  /** Whether the key exists and its value is not null. */
  get given(): boolean {
    const value = this.#value;
    return value !== undefined && !(value instanceof PlainScalar && NULLS.has(value.text));
  }

  /** Whether the key exists, with or without a value. */
  get mentioned(): boolean {
    return this.#value !== undefined;
  }

  /** The string; empty if not given. */
  text(): string {
    const value = this.#value;
    if (!this.given) return "";
    if (typeof value === "string") return value;
    if (value instanceof PlainScalar) return value.text;
    this.problem("must be text");
    return "";
  }

  /** @param initial the value without the key; a key without a value is false, as in Go */
  boolean(initial: boolean): boolean {
    if (!this.mentioned) return initial;
    if (!this.given) return false;
    const text = this.#value instanceof PlainScalar ? this.#value.text : "";
    const isTrue = TRUE.test(text);
    if (!isTrue && !FALSE.test(text)) this.problem("must be true or false, without quotes");
    return isTrue;
  }

  /** 0 if not given. */
  integer(): number {
    if (!this.given) return 0;
    const text = this.#value instanceof PlainScalar ? this.#value.text : "";
    if (/^\d{1,15}$/.test(text)) return Number(text);
    this.problem("must be a whole number");
    return 0;
  }

  /** 0 if not given. */
  durationMs(): number {
    const text = this.text();
    if (text === "" || /^0+$/.test(text)) return 0;
    const ms = parseDurationMs(text);
    if (ms === undefined) this.problem('must be a duration with its unit, like "1s"');
    return ms ?? 0;
  }

  /** undefined: not given. */
  list(): readonly WrittenValue[] | undefined {
    if (!this.given) return undefined;
    if (Array.isArray(this.#value))
      return this.#value.map((entry: unknown, index) => this.#at(index, entry));
    this.problem("must be a list");
    return undefined;
  }

  /** The entries by key; empty if not given. @param known reports all other keys as problems */
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

  /** The entry with this key; not given if it is missing or the value is not a mapping. */
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

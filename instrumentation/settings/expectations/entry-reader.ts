import { parseDateMs } from "./date.ts";
import { parseDurationMs, positiveMs } from "../../core/duration.ts";
import { parseGlob } from "./glob.ts";
import type { Glob } from "./glob.ts";
import { isJsonObject } from "../../core/json.ts";
import type { JsonObject } from "../../core/json.ts";
import { parseSize } from "../../core/size.ts";
import { unknownKeys } from "../problem.ts";
import type { Problem } from "../problem.ts";

type Path = Problem["path"];

/** Reads the values of one mapping, and collects all problems. A value with a problem is read as if it were not there. */
export class EntryReader {
  readonly #entry: JsonObject;
  readonly #path: Path;
  readonly #problems: Problem[];

  constructor(entry: JsonObject, path: Path, problems: Problem[], known: readonly string[]) {
    this.#entry = entry;
    this.#path = path;
    this.#problems = problems;
    for (const [key, message] of unknownKeys(entry, known)) this.problem([key], message);
  }

  problem(path: Path, message: string): undefined {
    this.#problems.push({ path: [...this.#path, ...path], message });
  }

  has(key: string): boolean {
    return this.#entry[key] !== undefined;
  }

  /** Not checked. */
  value(key: string): unknown {
    return this.#entry[key];
  }

  /** The mapping of a key; undefined: the key is missing or not a mapping. @param example shows one */
  nested(key: string, known: readonly string[], example: string): EntryReader | undefined {
    const value = this.#entry[key];
    if (value === undefined) return undefined;
    if (isJsonObject(value))
      return new EntryReader(value, [...this.#path, key], this.#problems, known);
    return this.problem([key], `must be a mapping, like ${example}`);
  }

  /** The parsed value of a key; undefined: the key is missing, or `parse` returned undefined. @param expected what the value must be */
  parsed<T>(
    key: string,
    parse: (value: unknown) => T | undefined,
    expected: string,
  ): T | undefined {
    const value = this.#entry[key];
    return value === undefined ? undefined : (parse(value) ?? this.problem([key], expected));
  }

  text(key: string): string | undefined {
    const value = this.#entry[key];
    if (value === undefined) return undefined;
    if (typeof value === "string" && value !== "") return value;
    return this.problem([key], textExpected(value));
  }

  /** null, an empty value in YAML, is false. */
  boolean(key: string): boolean {
    const value = this.#entry[key] ?? false;
    if (typeof value === "boolean") return value;
    this.problem([key], "must be true or false");
    return false;
  }

  count(key: string): number | undefined {
    return this.parsed(key, parseCount, COUNT_EXPECTED);
  }

  durationMs(key: string): number | undefined {
    const value = this.#entry[key];
    const isZero = value === 0 || (typeof value === "string" && parseDurationMs(value) === 0);
    const expected = `must be a duration ${isZero ? "above 0" : "with its unit"}, like "26h" or "8d"`;
    return this.parsed(key, positiveMs, expected);
  }

  bytes(key: string): number | undefined {
    const parse = (value: unknown): number | undefined =>
      typeof value === "string" || typeof value === "number" ? parseSize(String(value)) : undefined;
    return this.parsed(key, parse, 'must be a size, like "1GiB" or "500MB"');
  }

  /** @param path where the value is */
  date(value: unknown, path: Path): number | undefined {
    const ms = typeof value === "string" ? parseDateMs(value) : undefined;
    return (
      ms ?? this.problem(path, 'must be a date, like "2026-12-31" or "2026-12-31T18:00:00+01:00"')
    );
  }

  /** The texts of a list with their paths; undefined: the key is missing or not a list. */
  texts(key: string): readonly (readonly [string, Path])[] | undefined {
    const value = this.#entry[key];
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || value.length === 0)
      return this.problem([key], 'must be a list, like ["a", "b"]');
    const entries: readonly unknown[] = value;
    return entries.flatMap((entry, index) => {
      if (typeof entry === "string" && entry !== "") return [[entry, [key, index]] as const];
      this.problem([key, index], textExpected(entry));
      return [];
    });
  }

  /** As `globs`, for the required key `hosts`; with the path from the top. */
  hosts(): readonly (readonly [Glob, Path])[] {
    if (!this.has("hosts"))
      this.problem([], 'hosts is missing: a list of names or globs, like ["web-1", "db-*"]');
    return this.globs("hosts")?.map(([glob, path]) => [glob, [...this.#path, ...path]]) ?? [];
  }

  /** The globs of a list with their paths, no name twice; undefined: the key is missing or not a list. */
  globs(key: string): readonly (readonly [Glob, Path])[] | undefined {
    const seen = new Map<string, string | number>();
    return this.texts(key)?.flatMap(([text, path]) => {
      const glob = parseGlob(text);
      if (glob instanceof Error) {
        this.problem(path, `the pattern ${glob.message}`);
        return [];
      }
      const name = glob.literal === undefined ? `glob ${glob.source}` : `name ${glob.literal}`;
      const first = seen.get(name);
      if (first !== undefined) {
        this.problem(path, `is the same as ${key}[${first}]: remove one of the two`);
        return [];
      }
      seen.set(name, path[1] ?? 0);
      return [[glob, path] as const];
    });
  }
}

/** The mappings of a list; each problem is reported. @param example shows an entry */
export function mappingsOf(
  section: string,
  value: unknown,
  example: string,
  problems: Problem[],
): readonly (readonly [JsonObject, Path])[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    problems.push({ path: [section], message: `must be a list, like [${example}]` });
    return [];
  }
  const entries: readonly unknown[] = value;
  return entries.flatMap((entry, index) => {
    if (isJsonObject(entry)) return [[entry, [section, index]] as const];
    problems.push({ path: [section, index], message: `must be a mapping, like ${example}` });
    return [];
  });
}

export const COUNT_EXPECTED = "must be a whole number from 1";

export function parseCount(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1 ? value : undefined;
}

function textExpected(value: unknown): string {
  return value === "" ? "is empty" : "must be text: put it in quotes";
}

import {
  badValue,
  shownValue,
  DURATION,
  GROUP_BY_EXPECTED,
  GROUP_BY_SCHEMA,
  INVENTORY_EXPECTED,
  INVENTORY_SCHEMA,
  LOCKS_EXPECTED,
  LOCKS_SCHEMA,
  parseGroupBy,
  parseInventory,
  parseLocks,
  parseSchedule,
  parseSnapshotSize,
  positiveMs,
  SNAPSHOT_SIZE_EXPECTED,
  TEXT,
} from "restic-otel-instrumentation/internal";
import type { JsonSchema } from "restic-otel-instrumentation/internal";

/** Checks and parses the value of a setting, as text or as a value of the YAML file. */
export interface Format<T> {
  /** JSON Schema of the values in the file, for editors. The schema never rejects a value that `check` accepts. */
  readonly schema: JsonSchema;
  /** Returns what is wrong with the value and what to write instead; undefined: it is valid. */
  check(value: unknown): string | undefined;
  /** @param value for which `check` returned undefined */
  parse(value: unknown): T;
  /** The flag can be repeated: its values are joined with commas. */
  readonly repeatable?: true;
}

/** The problem of a value, with the value itself; undefined: the value is valid. */
export function problemOf(format: Format<unknown>, value: unknown): string | undefined {
  const message = format.check(value);
  if (message === undefined) return undefined;
  const names = [`"${String(value)}"`, `'${String(value).trim()}'`];
  const isNamed = message.startsWith('"') || names.some((name) => message.includes(name));
  return isNamed ? message : badValue(value) + message;
}

/** @param parse returns undefined for a value that is not as expected */
function parsedFormat<T>(
  schema: JsonSchema,
  parse: (value: unknown) => T | undefined,
  expected: string,
): Format<T> {
  return {
    schema,
    check: (value) => (parse(value) === undefined ? expected : undefined),
    parse(value) {
      const parsed = parse(value);
      if (parsed === undefined) throw new TypeError("the value was not checked");
      return parsed;
    },
  };
}

const EXPECT_TEXT = "must be text: put it in quotes";

export const text = parsedFormat(
  TEXT,
  (value) => (typeof value === "string" ? value : undefined),
  EXPECT_TEXT,
);

const BOOLEANS: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  [true, true],
  [false, false],
  ["true", true],
  ["false", false],
  ["1", true],
  ["0", false],
]);

export const boolean = parsedFormat(
  { enum: [...BOOLEANS.keys()] },
  (value) => BOOLEANS.get(value),
  "must be true or false",
);

export const duration = parsedFormat(
  DURATION,
  positiveMs,
  'must be a duration with its unit, like "30s", "5m" or "1h30m"',
);

const SIZE_PATTERN = String.raw`^(?:\d{5,}(?:\.\d+)? ?|\d+(?:\.\d+)? ?(?:[KMGT]i?B|kB|B))$`;

export const snapshotSize = parsedFormat(
  { type: "string", pattern: SIZE_PATTERN },
  parseSnapshotSize,
  SNAPSHOT_SIZE_EXPECTED,
);

export const groupBy = parsedFormat(GROUP_BY_SCHEMA, parseGroupBy, GROUP_BY_EXPECTED);
export const inventory = parsedFormat(INVENTORY_SCHEMA, parseInventory, INVENTORY_EXPECTED);
export const locks = parsedFormat(LOCKS_SCHEMA, parseLocks, LOCKS_EXPECTED);

const DIGITS = /^\d+$/;

export function integer(min: number, max: number): Format<number> {
  return parsedFormat(
    {
      type: ["integer", "string"],
      minimum: min,
      maximum: max,
      pattern: DIGITS.source,
    },
    (value) => {
      const number = typeof value === "string" && DIGITS.test(value) ? Number(value) : value;
      const good =
        typeof number === "number" && Number.isInteger(number) && number >= min && number <= max;
      return good ? number : undefined;
    },
    `must be a whole number from ${min} to ${max}`,
  );
}

export function oneOf<T extends string>(choices: readonly T[]): Format<T> {
  return parsedFormat(
    { enum: choices },
    (value) => choices.find((choice) => choice === value),
    `must be one of ${choices.join(", ")}`,
  );
}

/** Loose: fields or an `@` rule, behind an optional time zone. */
const CRON = String.raw`^\s*(?:(?:CRON_)?TZ=\S*\s+)?(?:@[a-z].*|\S+(?:\s+\S+){4,5})\s*$`;

export const cron: Format<string> = {
  schema: { type: "string", pattern: CRON },
  check(value) {
    if (typeof value !== "string") return EXPECT_TEXT;
    return messageOf(() => parseSchedule(value, undefined));
  },
  parse: String,
};

export const timezone: Format<string> = {
  schema: TEXT,
  check(value) {
    if (typeof value !== "string") return EXPECT_TEXT;
    const failed = messageOf(() => parseSchedule("@daily", value || undefined)) !== undefined;
    // Without the value if it may be a login.
    const named = shownValue(value) ?? "name";
    return failed
      ? `unknown time zone ${named}: use a name like "Europe/Berlin" or "UTC"`
      : undefined;
  },
  parse: String,
};

function messageOf(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** RFC 3986, section 2.3: characters that need no percent encoding. */
const PATH = /^(?:\/[\w.~-]+)+$/;
/** Paths that the agent serves itself. */
const RESERVED = /^\/(?:(?:-|api)(?:\/|$)|status\.(?:css|js)$)/;

/** The path of a page that does not replace another page of the agent. */
export const urlPath = parsedFormat(
  { type: "string", pattern: PATH.source, not: { pattern: RESERVED.source } },
  (value) =>
    typeof value === "string" && PATH.test(value) && !RESERVED.test(value) ? value : undefined,
  'must be a path like "/metrics", but not "/", "/-/…", "/api/…" or another page of the agent',
);

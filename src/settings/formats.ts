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
  parseDurationMs,
  parseGroupBy,
  parseInventory,
  parseLocks,
  parseSchedule,
  parseSnapshotSize,
  TEXT,
} from "restic-otel-instrumentation/internal";
import type {
  GroupBy,
  InventoryGiven,
  JsonSchema,
  LocksEvery,
} from "restic-otel-instrumentation/internal";

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

export const text: Format<string> = {
  schema: TEXT,
  check: (value) => (typeof value === "string" ? undefined : "must be text: put it in quotes"),
  parse: String,
};

const BOOLEANS: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  [true, true],
  [false, false],
  ["true", true],
  ["false", false],
  ["1", true],
  ["0", false],
]);

export const boolean: Format<boolean> = {
  schema: { enum: [...BOOLEANS.keys()] },
  check: (value) => (BOOLEANS.has(value) ? undefined : "must be true or false"),
  parse: (value) => BOOLEANS.get(value) === true,
};

export const duration: Format<number> = {
  schema: DURATION,
  check(value) {
    const ms = typeof value === "string" ? parseDurationMs(value) : undefined;
    return ms !== undefined && ms > 0
      ? undefined
      : 'must be a duration with its unit, like "30s", "5m" or "1h30m"';
  },
  parse: (value) => parseDurationMs(String(value)) ?? 0,
};

export const snapshotSize: Format<number> = {
  schema: {
    type: "string",
    pattern: String.raw`^(?:\d{5,}(?:\.\d+)? ?|\d+(?:\.\d+)? ?(?:[KMGT]i?B|kB|B))$`,
  },
  check: (value) => parseSnapshotSize(value).problem,
  parse: (value) => parseSnapshotSize(value).value ?? 0,
};

export const groupBy: Format<GroupBy> = {
  schema: GROUP_BY_SCHEMA,
  check: (value) => (parseGroupBy(value) ? undefined : GROUP_BY_EXPECTED),
  parse: (value) => parseGroupBy(value) ?? [],
};

export const inventory: Format<InventoryGiven> = {
  schema: INVENTORY_SCHEMA,
  check: (value) => (parseInventory(value) === undefined ? INVENTORY_EXPECTED : undefined),
  parse: (value) => parseInventory(value) ?? "off",
};

export const locks: Format<LocksEvery> = {
  schema: LOCKS_SCHEMA,
  check: (value) => (parseLocks(value) === undefined ? LOCKS_EXPECTED : undefined),
  parse: (value) => parseLocks(value) ?? "off",
};

const DIGITS = /^\d+$/;

export function integer(min: number, max: number): Format<number> {
  return {
    schema: {
      type: ["integer", "string"],
      minimum: min,
      maximum: max,
      pattern: DIGITS.source,
    },
    check(value) {
      const number = typeof value === "string" && DIGITS.test(value) ? Number(value) : value;
      const good =
        typeof number === "number" && Number.isInteger(number) && number >= min && number <= max;
      return good ? undefined : `must be a whole number from ${min} to ${max}`;
    },
    parse: Number,
  };
}

export function oneOf<T extends string>(choices: readonly T[]): Format<T> {
  return {
    schema: { enum: choices },
    check: (value) =>
      choices.some((choice) => choice === value)
        ? undefined
        : `must be one of ${choices.join(", ")}`,
    parse(value) {
      const found = choices.find((choice) => choice === value);
      if (found === undefined) throw new TypeError("the value was not checked");
      return found;
    },
  };
}

/** Loose: fields or an `@` rule, behind an optional time zone. */
const CRON = String.raw`^\s*(?:(?:CRON_)?TZ=\S*\s+)?(?:@[a-z].*|\S+(?:\s+\S+){4,5})\s*$`;

export const cron: Format<string> = {
  schema: { type: "string", pattern: CRON },
  check(value) {
    if (typeof value !== "string") return "must be text: put it in quotes";
    return messageOf(() => parseSchedule(value, undefined));
  },
  parse: String,
};

export const timezone: Format<string> = {
  schema: TEXT,
  check(value) {
    if (typeof value !== "string") return "must be text: put it in quotes";
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

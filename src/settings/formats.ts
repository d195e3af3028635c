import { parseDurationMs, parseSchedule } from "restic-otel-instrumentation/internal";

/** How a setting is written: what is wrong with a value, and what it becomes. */
export interface Format<T> {
  /** Says what is wrong and how to mend it; undefined if nothing is. */
  check(value: unknown): string | undefined;
  /** Only for a value that passed. */
  parse(value: unknown): T;
  /** A flag may be given several times: its values, with commas between them, are one. */
  readonly repeatable?: true;
}

export const text: Format<string> = {
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
  check: (value) => (BOOLEANS.has(value) ? undefined : "must be true or false"),
  parse: (value) => BOOLEANS.get(value) === true,
};

export const duration: Format<number> = {
  check(value) {
    const ms = typeof value === "string" ? parseDurationMs(value) : undefined;
    return ms !== undefined && ms > 0
      ? undefined
      : 'must be a duration with its unit, like "30s", "5m" or "1h30m"';
  },
  parse: (value) => parseDurationMs(String(value)) ?? 0,
};

export function integer(min: number, max: number): Format<number> {
  return {
    check(value) {
      const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
      const good =
        typeof number === "number" && Number.isInteger(number) && number >= min && number <= max;
      return good ? undefined : `must be a whole number from ${min} to ${max}`;
    },
    parse: Number,
  };
}

export function oneOf<T extends string>(choices: readonly T[]): Format<T> {
  return {
    check: (value) =>
      choices.some((choice) => choice === value)
        ? undefined
        : `must be one of ${choices.join(", ")}`,
    parse(value) {
      const found = choices.find((choice) => choice === value);
      if (found === undefined) throw new TypeError("not checked");
      return found;
    },
  };
}

export const cron: Format<string> = {
  check(value) {
    if (typeof value !== "string") return "must be text: put it in quotes";
    return messageOf(() => parseSchedule(value, undefined));
  },
  parse: String,
};

export const timezone: Format<string> = {
  check(value) {
    if (typeof value !== "string") return "must be text: put it in quotes";
    const failed = messageOf(() => parseSchedule("@daily", value || undefined)) !== undefined;
    return failed
      ? `"${value}" is no time zone: use a name like "Europe/Berlin" or "UTC"`
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

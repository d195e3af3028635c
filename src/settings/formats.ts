import { parseDurationMs, parseSchedule } from "restic-otel-instrumentation/agent";

/** How a setting is written: what is wrong with a value, and what it becomes. */
export interface Format<T> {
  /** Says what is wrong and how to mend it; undefined if nothing is. */
  check(value: unknown): string | undefined;
  /** Only for a value that passed. */
  parse(value: unknown): T;
}

/** Where the agent listens. */
export interface Bind {
  /** Undefined for all interfaces. */
  readonly host: string | undefined;
  readonly port: number;
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

const BIND = /^(?:\[(?<v6>[0-9a-fA-F:.]+(?:%\w+)?)\]|(?<host>[^:[\]\s]*)):(?<port>\d{1,5})$/;
const NOWHERE = "none";

/** One address, a list of them (in a variable parted by commas), or `none`. */
export const bind: Format<readonly Bind[]> = {
  check(value) {
    if (value === NOWHERE) return undefined;
    const addresses = listOf(value);
    return addresses.length === 0 ? BIND_WRONG : addresses.map(wrongBind).find(Boolean);
  },
  parse: (value) =>
    value === NOWHERE
      ? []
      : listOf(value).map((address) => {
          const { v6, host, port } = BIND.exec(String(address))?.groups ?? {};
          return { host: v6 ?? (host || undefined), port: Number(port) };
        }),
};

const BIND_WRONG =
  'must be "host:port", "[::1]:port", ":port" for all interfaces, a list of these, or "none"';

function wrongBind(address: unknown): string | undefined {
  const port = typeof address === "string" ? BIND.exec(address)?.groups?.["port"] : undefined;
  if (port === undefined) return BIND_WRONG;
  return Number(port) <= 65_535 ? undefined : `port ${port} is not one: the highest is 65535`;
}

function listOf(value: unknown): readonly unknown[] {
  if (typeof value === "string") return value.split(",").map((part) => part.trim());
  return Array.isArray(value) ? value : [];
}

/** An address as it is written. */
export function formatBind({ host, port }: Bind): string {
  return `${host?.includes(":") ? `[${host}]` : (host ?? "")}:${port}`;
}

import type { JsonSchema } from "../../core/json-schema.ts";
import { parseCount } from "./entry-reader.ts";
import type { EntryReader } from "./entry-reader.ts";

/** The calendar periods of which restic keeps one snapshot each. */
export const PERIODS = ["hourly", "daily", "weekly", "monthly", "yearly"] as const;
export type Period = (typeof PERIODS)[number];

/** The keys of durations, with their period; undefined: all snapshots are kept. */
export const WITHIN = [
  ["within", undefined],
  ["withinHourly", "hourly"],
  ["withinDaily", "daily"],
  ["withinWeekly", "weekly"],
  ["withinMonthly", "monthly"],
  ["withinYearly", "yearly"],
] as const satisfies readonly (readonly [string, Period | undefined])[];

/** A duration of the calendar, as restic's `--keep-within` has it. */
export interface ResticDuration {
  readonly years: number;
  readonly months: number;
  readonly days: number;
  readonly hours: number;
}

/** The properties by which restic groups snapshots. */
export const GROUPINGS = ["host", "paths", "tags"] as const;

/** What `restic forget` keeps of a group of snapshots. */
export interface Retention {
  /** `--keep-last`; 0: no such rule, Infinity: unlimited. */
  readonly last: number;
  /** `--keep-hourly` and so on, as far as they are given; Infinity: unlimited. */
  readonly counts: ReadonlyMap<Period, number>;
  /** `--keep-within` (undefined) and `--keep-within-hourly` and so on, as far as they are given. */
  readonly within: ReadonlyMap<Period | undefined, ResticDuration>;
  /** `--keep-tag`: a snapshot that has all tags of one of these lists is kept. */
  readonly tags: readonly (readonly string[])[];
  /** `--group-by`; empty: all snapshots are one group. */
  readonly groupBy: readonly (typeof GROUPINGS)[number][];
}

/** How many of the last periods of a kind must have a snapshot. */
export type RequiredPeriods = ReadonlyMap<Period, number>;

const RULES: readonly string[] = ["last", ...PERIODS, ...WITHIN.map(([key]) => key), "tags"];
const KEYS: readonly string[] = [...RULES, "groupBy"];

const PART = /(\d{1,5})([ymdh])/g;

/** The schema of a duration above zero. */
export const RESTIC_DURATION: JsonSchema = {
  type: "string",
  pattern: "^(?=.*[1-9])(?:\\d{1,5}[ymdh])+$",
};

/** Reads the keys `retention` and `require` of an expectation. */
export function readRetention(expectation: EntryReader): {
  readonly retention: Retention | undefined;
  readonly require: RequiredPeriods;
} {
  const reader = expectation.nested("retention", KEYS, "{daily: 7, weekly: 5}");
  const retention = reader && readPolicy(reader);
  const required = expectation.nested("require", PERIODS, "{weekly: 5}");
  const require = new Map(
    PERIODS.flatMap((period) =>
      required?.has(period) === true ? [[period, required.count(period) ?? 1] as const] : [],
    ),
  );
  for (const [period, count] of require) {
    const limit = retention?.counts.get(period);
    if (limit === undefined || limit === Infinity)
      required?.problem([period], `needs a number in retention.${period}`);
    else if (count > limit)
      required?.problem([period], `is ${count}, but retention.${period} is ${limit}`);
  }
  return { retention, require };
}

function readPolicy(reader: EntryReader): Retention {
  if (!RULES.some((key) => reader.has(key)))
    reader.problem([], "keeps nothing: name what it keeps, like {daily: 7}");
  const counts = PERIODS.flatMap((period) => {
    const count = readCount(reader, period);
    return count === undefined ? [] : [[period, count] as const];
  });
  const within = WITHIN.flatMap(([key, period]) => {
    const duration = readWithin(reader, key);
    return duration ? [[period, duration] as const] : [];
  });
  const tags = reader.texts("tags")?.map(([list]) => list.split(",").map((tag) => tag.trim()));
  return {
    last: readCount(reader, "last") ?? 0,
    counts: new Map(counts),
    within: new Map(within),
    tags: tags ?? [],
    groupBy: readGrouping(reader),
  };
}

function readCount(reader: EntryReader, key: string): number | undefined {
  const parse = (value: unknown): number | undefined =>
    value === "unlimited" || value === -1 ? Infinity : parseCount(value);
  return reader.parsed(key, parse, 'must be a whole number from 1, or "unlimited"');
}

function readWithin(reader: EntryReader, key: string): ResticDuration | undefined {
  const parse = (value: unknown): ResticDuration | undefined => {
    const duration = typeof value === "string" ? parseResticDuration(value) : undefined;
    return duration && Object.values(duration).some((number) => number > 0) ? duration : undefined;
  };
  return reader.parsed(
    key,
    parse,
    'must be a duration of restic above 0, like "14d" or "1y5m7d2h"',
  );
}

/** `1y5m7d2h`: years, months, days, hours. undefined: not a duration. As for restic, the last number of a unit counts. */
function parseResticDuration(text: string): ResticDuration | undefined {
  const parts = [...text.matchAll(PART)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text) return undefined;
  const of = (unit: string): number =>
    Number(parts.findLast(([, , ownUnit]) => ownUnit === unit)?.[1] ?? 0);
  return { years: of("y"), months: of("m"), days: of("d"), hours: of("h") };
}

function readGrouping(reader: EntryReader): Retention["groupBy"] {
  if (!reader.has("groupBy")) return ["host", "paths"];
  const value = reader.value("groupBy");
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
  const groupings = GROUPINGS.filter((grouping) => entries.includes(grouping));
  if (!Array.isArray(value) || groupings.length !== entries.length)
    reader.problem(["groupBy"], `must be a list of ${GROUPINGS.join(", ")}, like [host, paths]`);
  return groupings;
}

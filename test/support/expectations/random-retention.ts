import { PERIODS, WITHIN } from "../../../instrumentation/settings/expectations/retention.ts";
import type { Dice } from "../core/dice.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;
const SOON = 600;
/** The time between two backups, seconds. */
const GAPS = [0, 1, 600, HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY, 366 * DAY] as const;
const ZONES = ["Z", "+01:00", "-03:30", "+05:45", "+14:00", "-12:00"] as const;
/** Ends of years that are in a week of the other year, a leap day, the epoch, and a time long ago. */
const CORNERS = ["2026-12-31", "2027-01-01", "2024-02-29", "1970-01-01", "0096-02-29"] as const;

/** The fields of a snapshot file that `forget` looks at. */
export interface SnapshotFields {
  readonly time: string;
  readonly hostname: string;
  readonly paths: readonly string[];
  readonly tags: readonly string[];
}

/**
 * The snapshots of a host. Equal times have the same zone and tags: their order decides nothing but the ids that are kept.
 * @param taken seconds in which other hosts have snapshots
 * @param now milliseconds since the epoch
 */
export function randomSnapshots(
  dice: Dice,
  hostname: string,
  taken: Set<number>,
  now: number,
): SnapshotFields[] {
  const newest = dice.roll(5) === 0 ? Date.parse(dice.pick(CORNERS)) : now;
  const [zone, gap] = [dice.pick(ZONES), dice.pick(GAPS)];
  let seconds = Math.floor(newest / 1000) + dice.pick([-2 * DAY, -HOUR, DAY, 40 * DAY]);
  const isMixed = dice.roll(3) === 0;
  const nowSeconds = Math.floor(now / 1000);
  return Array.from({ length: 1 + dice.low(30) }, () => {
    seconds -= dice.pick([gap, gap, dice.pick(GAPS)]) + dice.pick([0, 0, dice.roll(gap + 1)]);
    return seconds;
  }).flatMap((at) => {
    // restic starts later, and then a snapshot that is dated a moment ahead is not in its future any more.
    if (taken.has(at) || (at >= nowSeconds && at < nowSeconds + SOON)) return [];
    taken.add(at);
    const time = timeOf(dice, at, isMixed ? dice.pick(ZONES) : zone);
    const tags = ["a", "b"].filter(() => dice.roll(4) === 0);
    const paths = dice.roll(6) === 0 ? ["/home", "/etc"] : ["/etc"];
    const one = { time, hostname, paths, tags };
    return dice.roll(20) === 0 ? [one, one] : [one];
  });
}

/** RFC 3339 with the offset of a zone. */
function timeOf(dice: Dice, seconds: number, zone: string): string {
  const [, sign = "+", hours = 0, minutes = 0] = /([+-])(\d\d):(\d\d)/.exec(zone) ?? [];
  const offset = (Number(hours) * HOUR + Number(minutes) * 60) * (sign === "-" ? -1 : 1);
  const local = new Date((seconds + offset) * 1000).toISOString().slice(0, 19);
  const fraction = dice.roll(2) === 0 ? "" : `.${String(dice.roll(1e9)).padStart(9, "0")}`;
  return `${local}${fraction}${zone}`;
}

/** The key `retention` of an expectation. */
export function randomPolicy(dice: Dice): Readonly<Record<string, unknown>> {
  const count = (): number | string => dice.pick([1, 2, 3, 7, 30, "unlimited"]);
  const duration = (): string =>
    ["y", "m", "d", "h"]
      .filter(() => dice.roll(2) === 0)
      .map((unit) => `${1 + dice.low(unit === "h" ? 100 : 20)}${unit}`)
      .join("") || "30d";
  const some = (keys: readonly string[], value: () => unknown, odds: number): object =>
    Object.fromEntries(keys.filter(() => dice.roll(odds) === 0).map((key) => [key, value()]));
  const withinKeys = WITHIN.map(([key]) => key);
  const rules = {
    ...some(["last"], count, 4),
    ...some(PERIODS, count, 3),
    ...some(withinKeys, duration, 6),
  };
  const groupBy = dice.pick([[], ["host"], ["paths"], ["host", "tags"], ["paths", "tags", "host"]]);
  return {
    // By tags alone a group could lose all of its snapshots: restic refuses that.
    ...(Object.keys(rules).length > 0 ? rules : { daily: 7 }),
    ...some(["tags"], () => dice.pick([["a"], ["a,b"], ["a", "b"]]), 4),
    ...(dice.roll(2) === 0 && { groupBy }),
  };
}

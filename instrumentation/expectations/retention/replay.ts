import { atOnce, sortSteps } from "../../core/in-steps.ts";
import { compareInstants } from "../../restic/repository/timestamp.ts";
import type { Snapshot } from "../../restic/state.ts";
import type { Period, Retention } from "../../settings/expectations/retention.ts";
import { earlier, localTime, periodOf } from "./calendar.ts";
import type { LocalTime } from "./calendar.ts";

/** Snapshots of a step. */
const AT_ONCE = 5000;

/** A snapshot as `restic forget` decides on it. */
export interface Decision {
  readonly snapshot: Snapshot;
  /** The keys of the rules that keep it, such as `daily`; empty: it is removed. */
  readonly reasons: readonly string[];
}

/** A rule, with what it has kept so far. */
interface Rule {
  readonly reason: string;
  /** The calendar period of which it keeps one snapshot; undefined: it keeps all. */
  readonly period: Period | undefined;
  /** It keeps only later snapshots; undefined: all. */
  readonly after: Snapshot["time"] | undefined;
  left: number;
  lastPeriod: number | undefined;
}

/** A snapshot whose zone is known. */
type Detailed = Snapshot & { readonly details: NonNullable<Snapshot["details"]> };

/**
 * Decides on a group of snapshots as ApplyPolicy of restic 0.19 does: newest first; a snapshot is kept if its period is not that of
 * the last kept one, or if it is the oldest and counts are left. Periods are those of the zone that the snapshot names.
 * @param now milliseconds since the epoch
 * @returns undefined: the zones or tags of some snapshots are not read yet
 */
export function forget(
  group: readonly Snapshot[],
  retention: Retention,
  now: number,
): readonly Decision[] | undefined {
  return atOnce(forgetSteps(group, retention, now));
}

/** As `forget`, in steps of some milliseconds. */
export function* forgetSteps(
  group: readonly Snapshot[],
  retention: Retention,
  now: number,
): Generator<void, readonly Decision[] | undefined> {
  const detailed = group.filter((snapshot): snapshot is Detailed => snapshot.details !== undefined);
  const areTagsKnown = detailed.every(({ details }) => details.tags !== undefined);
  if (detailed.length < group.length || (retention.tags.length > 0 && !areTagsKnown))
    return undefined;
  const sorted = yield* sortSteps(detailed, (a, b) => compareInstants(b.time, a.time));
  const rules = rulesOf(sorted, retention, now);
  const decisions: Decision[] = [];
  for (const [index, snapshot] of sorted.entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) yield;
    decisions.push(decide(snapshot, index === sorted.length - 1, rules, retention));
  }
  return decisions;
}

function decide(
  snapshot: Detailed,
  isOldest: boolean,
  rules: readonly Rule[],
  retention: Retention,
): Decision {
  const local = localTime(snapshot);
  return {
    snapshot,
    reasons: [
      ...retention.tags
        .filter((list) => list.every((tag) => snapshot.details.tags?.includes(tag)))
        .map(() => "tags"),
      ...rules
        .filter((rule) => keeps(rule, snapshot.time, local, isOldest))
        .map(({ reason }) => reason),
    ],
  };
}

function rulesOf(newestFirst: readonly Detailed[], retention: Retention, now: number): Rule[] {
  const { last, counts, within } = retention;
  const latest = newestFirst.find(({ time }) => time.seconds * 1000 + time.nanoseconds / 1e6 < now);
  const rule = (reason: string, period: Period | undefined, left: number): Rule => ({
    reason,
    period,
    after: undefined,
    left,
    lastPeriod: undefined,
  });
  return [
    rule("last", undefined, last),
    ...Array.from(counts, ([period, count]) => rule(period, period, count)),
    ...Array.from(within, ([period, duration]) => ({
      ...rule(`within ${period ?? ""}`.trim(), period, Infinity),
      after: latest && {
        seconds: earlier(localTime(latest), duration),
        nanoseconds: latest.time.nanoseconds,
      },
    })),
  ];
}

/** Whether the rule keeps the next snapshot. */
function keeps(rule: Rule, time: Snapshot["time"], local: LocalTime, isOldest: boolean): boolean {
  if (rule.left === 0 || (rule.after && compareInstants(time, rule.after) <= 0)) return false;
  if (rule.period !== undefined) {
    const number = periodOf(rule.period, local);
    if (number === rule.lastPeriod && !isOldest) return false;
    rule.lastPeriod = number;
  }
  rule.left -= 1;
  return true;
}

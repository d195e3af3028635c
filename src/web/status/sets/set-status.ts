import type { BackupSet, Expectations, Gap } from "restic-otel-instrumentation/internal";

import { holdersOf } from "../expectation-status.ts";
import type { HolderStatus } from "../expectation-status.ts";
import { isoTime } from "../time.ts";

export interface SetStatus {
  readonly url: string;
  readonly host: string;
  readonly user: string;
  /**
   * The newest snapshot is older than `lateAfterSeconds`. A set that expectations cover is late if it is older than one of them allows,
   * and this one is late; a retired one is never late.
   */
  readonly late: boolean;
  /** The set is older than an expectation allows that covers it, but that expectation is not late. */
  readonly old: boolean;
  /** The backup sets of the host that meet these expectations in its place. */
  readonly metBy: readonly HolderStatus[];
  /** The settings say that it is not expected any more. */
  readonly retired: boolean;
  /** The newest snapshot is dated more than an hour ahead, so that its age says nothing. */
  readonly future: boolean;
  /** The newest snapshot has no files. */
  readonly empty: boolean;
  readonly newest: string;
  readonly ageSeconds: number;
  readonly oldest: string;
  readonly snapshots: number;
  /** From the summary of the newest snapshot. */
  readonly addedBytes: number | null;
  /** From the summary of the newest snapshot. */
  readonly durationSeconds: number | null;
  /** The days with a snapshot within the last 30 days, as age in days, newest first. */
  readonly daysAgo: readonly number[];
  /** The calendar periods that ended within the last 30 days and have no snapshot, although the policy of an expectation expects one. */
  readonly gaps: readonly GapStatus[];
}

export interface GapStatus {
  readonly period: Gap["period"];
  readonly from: string;
  /** The start of the next period. */
  readonly until: string;
}

const DAY_MS = 86_400_000;
/** Clocks differ a little. The rule BackupSetInFuture of examples/prometheus allows as much. */
const FUTURE_MS = 3_600_000;
const CALENDAR_DAYS = 30;

type Judgement = Pick<SetStatus, "late" | "old" | "metBy" | "retired">;

function judgementOf(
  set: BackupSet,
  expected: Expectations,
  lateAfterMs: number,
  now: number,
): Judgement {
  const none = { late: false, old: false, metBy: [], retired: false };
  if (expected.isRetired(set)) return { ...none, retired: true };
  const ageMs = now - set.newest.time.seconds * 1000;
  if (!expected.judged.has(set)) return { ...none, late: ageMs > lateAfterMs };
  const slots = expected.overdueOf(set);
  if (slots.some(({ verdict }) => verdict.reasons.includes("late"))) return { ...none, late: true };
  const met = slots.filter(({ verdict }) => !verdict.reasons.includes("copies"));
  const holders = met.flatMap((slot) => expected.holders.get(slot) ?? []);
  return { ...none, old: slots.length > 0, metBy: holdersOf([...new Set(holders)]) };
}

/** Newest first. Two policies may have the same gap. */
function gapsStatus(gaps: readonly Gap[], now: number): readonly GapStatus[] {
  const begin = now / 1000 - (CALENDAR_DAYS * DAY_MS) / 1000;
  const shown = gaps.filter(({ until }) => until > begin);
  const byKey = new Map(shown.map((gap) => [`${gap.period} ${gap.from}`, gap]));
  return [...byKey.values()]
    .toSorted((a, b) => b.until - a.until)
    .map(({ period, from, until }) => ({
      period,
      from: isoTime(from * 1000),
      until: isoTime(until * 1000),
    }));
}

/** @param now milliseconds since the epoch */
export function setStatus(
  set: BackupSet,
  expected: Expectations,
  lateAfterMs: number,
  now: number,
): SetStatus {
  const { newest, oldest, snapshots, labels, days } = set;
  const ageMs = now - newest.time.seconds * 1000;
  const today = Math.floor(now / DAY_MS);
  return {
    url: labels["url"] ?? "",
    host: labels["host"] ?? "",
    user: labels["user"] ?? "",
    ...judgementOf(set, expected, lateAfterMs, now),
    future: -ageMs > FUTURE_MS,
    empty: newest.summary?.files === 0,
    newest: isoTime(newest.time.seconds * 1000),
    ageSeconds: Math.floor(ageMs / 1000),
    oldest: isoTime(oldest.time.seconds * 1000),
    snapshots,
    addedBytes: newest.summary?.addedBytes ?? null,
    durationSeconds: newest.summary?.durationSeconds ?? null,
    daysAgo: days.map((day) => today - day).filter((ago) => ago >= 0 && ago < CALENDAR_DAYS),
    gaps: expected.judged.has(set) ? gapsStatus(expected.gapsOf(set), now) : [],
  };
}

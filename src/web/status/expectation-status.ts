import type { Expectations, PeriodCount, Reason, Slot } from "restic-otel-instrumentation/internal";

import { isoTime, parseTime } from "./time.ts";

/** One host and user of an entry of `expect`. */
export interface ExpectationStatus {
  readonly name: string;
  /** Absent: the expectation finds no host. */
  readonly host?: string;
  /** Absent: all users of the host together. */
  readonly user?: string;
  /** Time of the newest snapshot that counts; null: never seen, or not known. */
  readonly newest: string | null;
  readonly maxAgeSeconds: number;
  /** Empty: the expectation is met or paused. */
  readonly reasons: readonly Reason[];
  readonly pausedUntil: string | null;
  /** The periods of its policy in each repository that has snapshots; empty: it has no policy. */
  readonly retention: readonly RetentionStatus[];
}

/** The last calendar periods of a repository. */
interface RetentionStatus extends PeriodCount {
  readonly url: string;
}

/** Without `late`, `copies` and `never_seen` the age is fine. The worst comes first. */
const WORST_FIRST: readonly Reason[] = [
  "never_seen",
  "late",
  "copies",
  "empty",
  "small",
  "too_few",
  "retention",
  "future",
  "unknown",
];

/** All slots: unmet ones first, the worst of them at the top. */
export function expectationsOf(
  { slots, pausedUntil }: Expectations,
  now: number,
): readonly ExpectationStatus[] {
  return slots
    .map((slot) => expectationStatus(slot, pausedUntil))
    .toSorted(
      (a, b) =>
        rank(a) - rank(b) || overdue(b, now) - overdue(a, now) || (key(a) < key(b) ? -1 : 1),
    );
}

function expectationStatus(
  { labels, verdict: { newest, maxAgeSeconds, reasons }, retained }: Slot,
  pausedUntil: ReadonlyMap<string, number>,
): ExpectationStatus {
  const { expectation: name = "", host, user } = labels;
  const until = pausedUntil.get(name);
  return {
    name,
    ...(host !== undefined && { host }),
    ...(user !== undefined && { user }),
    newest: newest === undefined || newest === 0 ? null : isoTime(newest * 1000),
    maxAgeSeconds,
    reasons: reasons.toSorted((a, b) => WORST_FIRST.indexOf(a) - WORST_FIRST.indexOf(b)),
    pausedUntil: until === undefined ? null : isoTime(until),
    retention: retained.flatMap(({ labels: { url = "" }, periods }) =>
      periods.map((one) => ({ url, ...one })),
    ),
  };
}

/** Unmet ones come before those that are paused, and these before those that are met. */
function rank({ reasons: [worst], pausedUntil }: ExpectationStatus): number {
  if (worst !== undefined) return WORST_FIRST.indexOf(worst);
  return WORST_FIRST.length + Number(pausedUntil === null);
}

function overdue({ newest, maxAgeSeconds }: ExpectationStatus, now: number): number {
  return newest === null ? 0 : (now - parseTime(newest)) / 1000 - maxAgeSeconds;
}

function key({ name, host = "", user = "" }: ExpectationStatus): string {
  return JSON.stringify([name, host, user]);
}

export function isUnmet({ reasons }: ExpectationStatus): boolean {
  return reasons.length > 0;
}

/** The newest snapshot is too old, in one repository or in several. */
export function isOverdue({ reasons }: ExpectationStatus): boolean {
  return reasons.some((one) => one === "never_seen" || one === "late" || one === "copies");
}

/** How many there are. */
export function countsOf(expectations: readonly ExpectationStatus[]): {
  readonly met: number;
  readonly paused: number;
} {
  const fine = expectations.filter((one) => !isUnmet(one));
  const paused = fine.filter(({ pausedUntil }) => pausedUntil !== null).length;
  return { met: fine.length - paused, paused };
}

/** The age that the late expectations about a host and user allow, seconds; undefined: none is late. */
export function lateExpectations(
  expectations: readonly ExpectationStatus[],
): (host: string, user: string) => number | undefined {
  const byHost = Map.groupBy(
    expectations.filter(({ reasons }) => reasons.includes("late")),
    ({ host }) => host,
  );
  return (host, user) => {
    const own = (byHost.get(host) ?? []).filter((one) => (one.user ?? user) === user);
    return own.length === 0
      ? undefined
      : Math.min(...own.map(({ maxAgeSeconds }) => maxAgeSeconds));
  };
}

import type {
  Doubt,
  Expectations,
  Labels,
  PeriodCount,
  Reason,
  Slot,
} from "restic-otel-instrumentation/internal";

import { counted, grouped } from "./quantity.ts";
import { isoTime, parseTime, timeOrNull } from "./time.ts";

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
  /** Until `pausedUntil`, or while none of its repositories is enabled. */
  readonly paused: boolean;
  readonly pausedUntil: string | null;
  /** The backup sets that have a snapshot as new as `newest`. Empty: there are none, or the slot is not known. */
  readonly heldBy: readonly HolderStatus[];
  /** What is not known; empty without the reason `unknown`. */
  readonly unknown: readonly Doubt[];
  /** The periods of its policy in each repository that has snapshots; empty: it has no policy. */
  readonly retention: readonly RetentionStatus[];
}

/** A backup set of the host. */
export interface HolderStatus {
  readonly url: string;
  readonly user: string;
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
export function expectationsOf(expected: Expectations, now: number): readonly ExpectationStatus[] {
  const idle = expected.idle.map(({ labels, maxAgeSeconds }) => ({
    ...namesOf(labels),
    newest: null,
    maxAgeSeconds,
    reasons: [],
    paused: true,
    pausedUntil: null,
    heldBy: [],
    unknown: [],
    retention: [],
  }));
  return [...expected.slots.map((slot) => expectationStatus(slot, expected)), ...idle].toSorted(
    (a, b) => rank(a) - rank(b) || overdue(b, now) - overdue(a, now) || (key(a) < key(b) ? -1 : 1),
  );
}

function expectationStatus(slot: Slot, expected: Expectations): ExpectationStatus {
  const { newest, maxAgeSeconds, reasons } = slot.verdict;
  const names = namesOf(slot.labels);
  const until = expected.pausedUntil.get(names.name);
  return {
    ...names,
    newest: newest === undefined || newest === 0 ? null : isoTime(newest * 1000),
    maxAgeSeconds,
    reasons: reasons.toSorted((a, b) => WORST_FIRST.indexOf(a) - WORST_FIRST.indexOf(b)),
    paused: until !== undefined,
    pausedUntil: timeOrNull(until),
    heldBy: holdersOf(expected.holders.get(slot)),
    unknown: expected.doubtsOf(slot),
    retention: slot.retained.flatMap(({ labels: { url = "" }, periods }) =>
      periods.map((one) => ({ url, ...one })),
    ),
  };
}

function namesOf({
  expectation = "",
  host,
  user,
}: Labels): Pick<ExpectationStatus, "name" | "host" | "user"> {
  return {
    name: expectation,
    ...(host !== undefined && { host }),
    ...(user !== undefined && { user }),
  };
}

/** @param sets labels of backup sets */
export function holdersOf(sets: readonly Labels[] = []): readonly HolderStatus[] {
  return sets.map(({ url = "", user = "" }) => ({ url, user }));
}

/** Unmet ones come before those that are paused, and these before those that are met. */
function rank({ reasons: [worst], paused }: ExpectationStatus): number {
  if (worst !== undefined) return WORST_FIRST.indexOf(worst);
  return WORST_FIRST.length + Number(!paused);
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

/** How many slots there are: an expectation has one for each host and user. */
export function countsOf(slots: readonly ExpectationStatus[]): {
  readonly met: number;
  readonly paused: number;
} {
  const fine = slots.filter((one) => !isUnmet(one));
  const paused = fine.filter((one) => one.paused).length;
  return { met: fine.length - paused, paused };
}

/** `12 of 13 slots of 3 expectations`. */
export function metInWords(slots: readonly ExpectationStatus[]): string {
  const names = new Set(slots.map(({ name }) => name)).size;
  const all = counted(slots.length, "slot", "slots");
  return `${grouped(countsOf(slots).met)} of ${all} of ${counted(names, "expectation", "expectations")}`;
}

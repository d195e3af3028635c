import type { Expectation } from "../settings/expectations/expectations.ts";
import { joined, MAX_AHEAD_SECONDS, NOTHING } from "./finding.ts";
import type { Finding } from "./finding.ts";
import { isEnough } from "./retention/retained.ts";
import type { Retained } from "./retention/retained.ts";

/** How much is known of a repository. */
export interface Knowledge {
  /** Its first attempt has ended. */
  readonly isAttempted: boolean;
  /** Its content, or its last content, is known. */
  readonly isKnown: boolean;
  /** It was read completely, and the server handed out every file. */
  readonly isWhole: boolean;
  /** Its last attempt failed. */
  readonly isFailing: boolean;
}

/** A repository of which no attempt has ended yet. */
export const UNREAD: Knowledge = {
  isAttempted: false,
  isKnown: false,
  isWhole: false,
  isFailing: false,
};

/** One repository of an expectation, as a slot sees it. */
export interface Sight {
  readonly knowledge: Knowledge;
  readonly finding: Finding;
  /** undefined: no policy, no snapshot, or not all is read that decides on it. */
  readonly retained: Retained | undefined;
}

/** The first three exclude each other. */
export type Reason =
  | "never_seen"
  | "late"
  | "copies"
  | "too_few"
  | "retention"
  | "empty"
  | "small"
  | "future"
  | "unknown";

/** The result of judging a slot. */
export interface Verdict {
  /** Start of the newest snapshot in the copies-th best repository, Unix seconds. 0: never seen; undefined: cannot be said. */
  readonly newest: number | undefined;
  /** The same of what is known, whether it can be said or not. */
  readonly candidate: number;
  readonly maxAgeSeconds: number;
  readonly reasons: readonly Reason[];
  /** Every repository was known once since `newest` was first said. */
  readonly isSettled: boolean;
  /** The first attempts of all repositories ended once. */
  readonly isAttempted: boolean;
  /** Until before this time the verdict holds if nothing is read, milliseconds since the epoch. */
  readonly until: number;
}

/**
 * Says of a slot what is certain. A further repository can only make it newer: a fresh snapshot is enough, a missing one is said only when
 * every repository is known.
 * @param before the last verdict: what it said is changed only by a read
 * @param now milliseconds since the epoch
 */
export function judge(
  expectation: Expectation,
  sights: readonly Sight[],
  before: Verdict | undefined,
  now: number,
): Verdict {
  const { copies, minSnapshots, pausedUntil = 0 } = expectation;
  const known = sights.flatMap(({ knowledge, finding }) => (knowledge.isKnown ? finding : []));
  const nth = (values: readonly number[]): number =>
    values.toSorted((a, b) => b - a)[copies - 1] ?? 0;
  const candidate = nth(known.map(({ newest }) => newest));
  const best = Math.max(0, ...known.map(({ newest }) => newest));
  const isPaused = pausedUntil > now;
  const maxAgeMs =
    expectation.maxAgeMs + (isPaused ? Math.max(0, pausedUntil - candidate * 1000) : 0);

  const isAttempted = sights.every(({ knowledge }) => knowledge.isAttempted);
  const areKnown = isAttempted && known.length === sights.length && known.length >= copies;
  const areWhole = sights.every(
    ({ knowledge, finding }) => knowledge.isWhole && !finding.isPartial,
  );
  const isLate = (newest: number): boolean => now - newest * 1000 > maxAgeMs;
  const isMet = candidate > 0 && !isLate(candidate);
  const isSaid = isMet || (areKnown && (candidate > 0 || areWhole)) || before?.newest === candidate;
  const isSettled = isSaid && (areKnown || before?.isSettled === true);
  const futures = sights.map(({ finding }) => finding.future - MAX_AHEAD_SECONDS);
  const changes = [
    pausedUntil,
    ...futures.map((seconds) => seconds * 1000),
    ...[candidate, best].map((newest) => Math.floor(newest * 1000 + maxAgeMs) + 1),
  ];
  const reasons: Reason[] = [];
  const verdict = {
    newest: isSaid ? candidate : undefined,
    candidate,
    maxAgeSeconds: maxAgeMs / 1000,
    reasons,
    isSettled,
    isAttempted: isAttempted || before?.isAttempted === true,
    until: Math.min(...changes.filter((at) => at > now)),
  };
  if (isPaused) return verdict;

  if (isSaid) {
    if (best === 0) reasons.push("never_seen");
    else if (isLate(best)) reasons.push("late");
    else if (isLate(candidate)) reasons.push("copies");
  }
  const isUnmet = reasons.length > 0;
  if (isSettled) {
    if (nth(known.map(({ counting }) => counting)) < minSnapshots) reasons.push("too_few");
    if (lacksPeriods(sights, copies)) reasons.push("retention");
    const { flaw } = known.reduce(joined, NOTHING);
    if (flaw) reasons.push(flaw);
  }
  if (futures.some(Number.isFinite)) reasons.push("future");
  const isFailing = sights.some(({ knowledge }) => knowledge.isFailing);
  const isDoubtful = !areKnown || !areWhole || isFailing;
  if (isSaid ? isUnmet && isDoubtful : verdict.isAttempted) reasons.push("unknown");
  return verdict;
}

/** Whether too few repositories have the required periods. One of which not all is read may have them. */
function lacksPeriods(sights: readonly Sight[], copies: number): boolean {
  const filled = sights.filter(({ finding }) => finding.evidence !== undefined);
  const enough = filled.filter(({ retained }) => !retained || isEnough(retained)).length;
  return enough < filled.length && enough < copies;
}

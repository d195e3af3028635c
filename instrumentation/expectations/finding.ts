import type { BackupSet, Snapshot } from "../restic/state.ts";
import type { Expectation } from "../settings/expectations/expectations.ts";
import { evidenceOf, joinedEvidence } from "./retention/evidence.ts";
import type { Evidence } from "./retention/evidence.ts";

/** A clock may be this much ahead. A snapshot that is dated later does not count yet, seconds. */
export const MAX_AHEAD_SECONDS = 600;

/** The snapshots of one or several backup sets of a repository that have the tags and paths of an expectation. */
export interface Finding {
  /** Snapshots that match, counting or not. */
  readonly matching: number;
  /** Snapshots that count: not empty, not too small, not dated in the future, not known to be unrestorable. */
  readonly counting: number;
  /** Time of the newest one that counts, Unix seconds; 0: none. */
  readonly newest: number;
  /** Time of the newest one that is neither dated in the future nor unrestorable, Unix seconds; 0: none. */
  readonly newestOfAll: number;
  /** Why that one does not count; undefined: it counts. */
  readonly flaw: "empty" | "small" | undefined;
  /** Time of the first one that is dated in the future, Unix seconds; Infinity: none. */
  readonly future: number;
  /** When the first one that matches was seen, milliseconds since the epoch; 0: at the first look. */
  readonly firstSeen: number;
  /** Some snapshots may match: their tags or paths are not known. */
  readonly isPartial: boolean;
  /** Of these some are not kept: all lists of the repository exceed 16 MiB. */
  readonly areListsDropped: boolean;
  /** For the policy of the expectation; undefined: it has none, or there are no snapshots. */
  readonly evidence: Evidence | undefined;
}

export const NOTHING: Finding = {
  matching: 0,
  counting: 0,
  newest: 0,
  newestOfAll: 0,
  flaw: undefined,
  future: Infinity,
  firstSeen: Infinity,
  isPartial: false,
  areListsDropped: false,
  evidence: undefined,
};

/**
 * @param unrestorable ids of snapshots that cannot be restored
 * @param now milliseconds since the epoch
 */
export function findingOf(
  set: BackupSet,
  expectation: Expectation,
  unrestorable: ReadonlySet<string>,
  now: number,
): Finding {
  let { matching, counting, newest, newestOfAll, flaw, future, firstSeen, isPartial } = NOTHING;
  let areListsDropped = false;
  const latest = now / 1000 + MAX_AHEAD_SECONDS;
  const { retention } = expectation;
  const past: Snapshot[] = [];
  const good: Snapshot[] = [];
  for (const snapshot of set.members) {
    const isMatch = matches(snapshot, expectation);
    isPartial ||= isMatch === undefined;
    areListsDropped ||= isMatch === undefined && snapshot.details !== undefined;
    if (isMatch !== true) continue;
    matching += 1;
    firstSeen = Math.min(firstSeen, snapshot.firstSeen?.at ?? 0);
    const { seconds } = snapshot.time;
    if (seconds > latest) {
      future = Math.min(future, seconds);
      continue;
    }
    if (retention) past.push(snapshot);
    if (unrestorable.has(snapshot.id)) continue;
    const own = flawOf(snapshot, expectation);
    if (retention && own === undefined && !set.backdated.has(snapshot)) good.push(snapshot);
    if (own === undefined) {
      counting += 1;
      newest = Math.max(newest, seconds);
    }
    if (seconds > newestOfAll) flaw = own;
    else if (seconds === newestOfAll) flaw = milder(flaw, own);
    newestOfAll = Math.max(newestOfAll, seconds);
  }
  const evidence = retention && evidenceOf(retention, past, good);
  return {
    matching,
    counting,
    newest,
    newestOfAll,
    flaw,
    future,
    firstSeen,
    isPartial,
    areListsDropped,
    evidence,
  };
}

/** The findings of two sets as one. */
export function joined(a: Finding, b: Finding): Finding {
  const newest = a.newestOfAll >= b.newestOfAll ? a : b;
  return {
    matching: a.matching + b.matching,
    counting: a.counting + b.counting,
    newest: Math.max(a.newest, b.newest),
    newestOfAll: newest.newestOfAll,
    flaw: a.newestOfAll === b.newestOfAll ? milder(a.flaw, b.flaw) : newest.flaw,
    future: Math.min(a.future, b.future),
    firstSeen: Math.min(a.firstSeen, b.firstSeen),
    isPartial: a.isPartial || b.isPartial,
    areListsDropped: a.areListsDropped || b.areListsDropped,
    evidence: joinedEvidence(a.evidence, b.evidence),
  };
}

/** If two snapshots have the same second, the better one is enough. */
function milder(a: Finding["flaw"], b: Finding["flaw"]): Finding["flaw"] {
  if (a === undefined || b === undefined) return undefined;
  return a === "small" ? a : b;
}

/** Whether a snapshot has the tags and paths of an expectation; undefined: not known. */
export function matches({ details }: Snapshot, { tags, paths }: Expectation): boolean | undefined {
  const hasTags = hasAll(details?.tags, tags);
  const hasPaths = hasAll(details?.paths, paths);
  if (hasTags === false || hasPaths === false) return false;
  return hasTags === undefined || hasPaths === undefined ? undefined : true;
}

function hasAll(list: readonly string[] | undefined, all: readonly string[]): boolean | undefined {
  return all.length === 0 ? true : list && all.every((one) => list.includes(one));
}

/** A snapshot without a summary is not accused: only restic 0.17 and later write one. */
function flawOf({ summary }: Snapshot, { minFiles, minBytes }: Expectation): Finding["flaw"] {
  const { files = Infinity, processedBytes = Infinity } = summary ?? {};
  if (files === 0) return "empty";
  return files < minFiles || processedBytes < minBytes ? "small" : undefined;
}

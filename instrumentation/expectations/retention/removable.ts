import { atOnce } from "../../core/in-steps.ts";
import type { Labels } from "../../core/source.ts";
import type { BackupSet, Snapshot } from "../../restic/state.ts";
import type { Expectation } from "../../settings/expectations/expectations.ts";
import type { Retention } from "../../settings/expectations/retention.ts";
import { matches } from "../finding.ts";
import { forgetSteps } from "./replay.ts";

/** What `restic forget` with the policy of an expectation would remove from a repository. Never changes. */
export interface RemovableSnapshots {
  /** `url`, `expectation`. */
  readonly labels: Labels;
  readonly count: number;
}

/** Backup sets whose groups have no snapshots of other sets, and what would be removed of them. */
interface Share {
  readonly sets: readonly BackupSet[];
  /** Number of snapshots; undefined: not all is read that decides on it. */
  readonly count: number | undefined;
  /** When a snapshot that is dated in the future is no longer, milliseconds since the epoch. */
  readonly until: number;
}

/** A step of reading ahead takes some milliseconds. */
const SNAPSHOTS_IN_A_STEP = 1000;

/** The sets of the hosts of each expectation with a policy. */
export type SetsOfPolicies = ReadonlyMap<Expectation, readonly BackupSet[]>;

/** The removable snapshots of a repository, for each expectation with a policy. Hosts that did not change are not replayed. */
export class RepositoryRemovals {
  /** As of the last update. */
  list: readonly RemovableSnapshots[] = [];
  /** When it must be updated though no set has changed, milliseconds since the epoch. */
  until = Infinity;
  readonly #shares = new Map<Expectation, Map<string, Share>>();

  /** Replays what `update` will need, some hosts in each step. It may be updated between two steps. */
  *readAhead(setsOf: SetsOfPolicies, now: number): Generator<void> {
    let left = SNAPSHOTS_IN_A_STEP;
    for (const [expectation, sets] of setsOf)
      for (const [key, part] of partsOf(expectation, sets)) {
        yield* this.#share(expectation, key, part, now);
        left -= part.reduce((sum, { snapshots }) => sum + snapshots, 0);
        if (left > 0) continue;
        left = SNAPSHOTS_IN_A_STEP;
        yield;
      }
  }

  /** @param now milliseconds since the epoch */
  update(url: string, setsOf: SetsOfPolicies, now: number): void {
    const list: RemovableSnapshots[] = [];
    this.until = Infinity;
    for (const [expectation, sets] of setsOf) {
      const shares = new Map<string, Share>();
      let count: number | undefined = 0;
      for (const [key, part] of partsOf(expectation, sets)) {
        const share = atOnce(this.#share(expectation, key, part, now));
        shares.set(key, share);
        count = share.count === undefined || count === undefined ? undefined : count + share.count;
        this.until = Math.min(this.until, share.until);
      }
      this.#shares.set(expectation, shares);
      if (count !== undefined) list.push(this.#listed(url, expectation.name, count));
    }
    this.list = list;
  }

  *#share(
    expectation: Expectation,
    key: string,
    sets: readonly BackupSet[],
    now: number,
  ): Generator<void, Share> {
    const known = this.#shares.get(expectation)?.get(key);
    const isSame =
      known?.sets.length === sets.length &&
      known.until > now &&
      known.sets.every((set, index) => set === sets[index]);
    if (isSame) return known;
    const share = yield* shareSteps(expectation, sets, now);
    // An update may have come since the steps began.
    const shares = this.#shares.get(expectation) ?? new Map<string, Share>();
    this.#shares.set(expectation, shares.set(key, share));
    return share;
  }

  #listed(url: string, expectation: string, count: number): RemovableSnapshots {
    const known = this.list.find(({ labels }) => labels["expectation"] === expectation);
    if (known?.count === count) return known;
    return { labels: known?.labels ?? Object.freeze({ url, expectation }), count };
  }
}

/** Parts of which each has whole groups. */
function partsOf(
  { retention }: Expectation,
  sets: readonly BackupSet[],
): ReadonlyMap<string, readonly BackupSet[]> {
  const byHost = retention?.groupBy.includes("host") === true;
  return Map.groupBy(sets, ({ labels }) => (byHost ? (labels["host"] ?? "") : ""));
}

function* shareSteps(
  expectation: Expectation,
  sets: readonly BackupSet[],
  now: number,
): Generator<void, Share> {
  const { retention } = expectation;
  if (!retention) return { sets, count: undefined, until: Infinity };
  const own: Snapshot[] = [];
  let count: number | undefined = 0;
  for (const { members } of sets)
    for (const snapshot of members) {
      const isMatch = matches(snapshot, expectation);
      if (isMatch === undefined) count = undefined;
      else if (isMatch) own.push(snapshot);
    }
  for (const group of Map.groupBy(own, (one) => groupKey(one, retention.groupBy)).values()) {
    const decisions = count === undefined ? undefined : yield* forgetSteps(group, retention, now);
    count = decisions?.reduce((sum, { reasons }) => sum + Number(reasons.length === 0), count ?? 0);
    if (count === undefined) break;
  }
  let until = Infinity;
  // Only durations depend on the time of day.
  for (const { time } of retention.within.size > 0 ? own : []) {
    const past = Math.floor(time.seconds * 1000 + time.nanoseconds / 1e6) + 1;
    if (past > now) until = Math.min(until, past);
  }
  return { sets, count, until };
}

/**
 * The group of a snapshot, as text. Its host is that of the snapshot, whatever the setting `rename` says; it is last, since the names
 * of the lists have a fixed length.
 */
export function groupKey({ hostname, details }: Snapshot, groupBy: Retention["groupBy"]): string {
  const paths = groupBy.includes("paths") ? (details?.groups.paths ?? "") : "";
  const tags = groupBy.includes("tags") ? (details?.groups.tags ?? "") : "";
  return `${paths}${tags}${groupBy.includes("host") ? hostname : ""}`;
}

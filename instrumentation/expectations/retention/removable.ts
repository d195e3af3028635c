import type { Labels } from "../../core/source.ts";
import type { BackupSet, Snapshot } from "../../restic/state.ts";
import type { Expectation } from "../../settings/expectations/expectations.ts";
import type { Retention } from "../../settings/expectations/retention.ts";
import { matches } from "../finding.ts";
import { forget } from "./replay.ts";

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

type Shares = ReadonlyMap<string, Share>;

/** The removable snapshots of a repository, for each expectation with a policy. Hosts that did not change are not replayed. */
export class RepositoryRemovals {
  /** As of the last update. */
  list: readonly RemovableSnapshots[] = [];
  /** When it must be updated though no set has changed, milliseconds since the epoch. */
  until = Infinity;
  #shares: ReadonlyMap<Expectation, Shares> = new Map();

  /**
   * @param setsOf the sets of all hosts of each expectation
   * @param now milliseconds since the epoch
   */
  update(url: string, setsOf: ReadonlyMap<Expectation, readonly BackupSet[]>, now: number): void {
    const shares = new Map<Expectation, Shares>();
    const list: RemovableSnapshots[] = [];
    this.until = Infinity;
    for (const [expectation, sets] of setsOf) {
      if (!expectation.retention) continue;
      const own = sharesOf(
        expectation,
        expectation.retention,
        sets,
        this.#shares.get(expectation),
        now,
      );
      shares.set(expectation, own);
      let count: number | undefined = 0;
      for (const share of own.values()) {
        count = share.count === undefined || count === undefined ? undefined : count + share.count;
        this.until = Math.min(this.until, share.until);
      }
      if (count !== undefined) list.push(this.#listed(url, expectation.name, count));
    }
    this.list = list;
    this.#shares = shares;
  }

  #listed(url: string, expectation: string, count: number): RemovableSnapshots {
    const known = this.list.find(({ labels }) => labels["expectation"] === expectation);
    if (known?.count === count) return known;
    return { labels: known?.labels ?? Object.freeze({ url, expectation }), count };
  }
}

function sharesOf(
  expectation: Expectation,
  retention: Retention,
  sets: readonly BackupSet[],
  before: Shares | undefined,
  now: number,
): Shares {
  const byHost = retention.groupBy.includes("host");
  const parts = Map.groupBy(sets, ({ labels }) => (byHost ? (labels["host"] ?? "") : ""));
  return new Map(
    Array.from(parts, ([key, part]) => {
      const known = before?.get(key);
      const isSame =
        known?.sets.length === part.length &&
        known.until > now &&
        known.sets.every((set, index) => set === part[index]);
      return [key, isSame ? known : shareOf(expectation, retention, part, now)] as const;
    }),
  );
}

function shareOf(
  expectation: Expectation,
  retention: Retention,
  sets: readonly BackupSet[],
  now: number,
): Share {
  const members = sets.flatMap((set) => set.members);
  const own = members.filter((snapshot) => matches(snapshot, expectation) === true);
  const isPartial = members.some((snapshot) => matches(snapshot, expectation) === undefined);
  let count: number | undefined = isPartial ? undefined : 0;
  for (const group of Map.groupBy(own, (one) => groupKey(one, retention.groupBy)).values()) {
    const decisions = count === undefined ? undefined : forget(group, retention, now);
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

/** The group of a snapshot, as text. Its host is that of the snapshot, whatever the setting `rename` says. */
export function groupKey({ hostname, details }: Snapshot, groupBy: Retention["groupBy"]): string {
  return JSON.stringify([
    groupBy.includes("host") && hostname,
    groupBy.includes("paths") && details?.groups.paths,
    groupBy.includes("tags") && details?.groups.tags,
  ]);
}

import { userOf } from "./repository/snapshot.ts";
import type { Snapshot } from "./repository/snapshot.ts";
import { compareInstants } from "./repository/timestamp.ts";
import type { BackupSet, RepositoryContent } from "./state.ts";

const SECONDS_PER_DAY = 86_400;
const MAX_DAYS = 31;

/**
 * Groups the snapshots of a repository into backup sets, sorted by host and user.
 * @param previous the result of the last call: sets that did not change stay the same objects, and so does the array
 * @param nameOf the host under which a host is shown
 */
export function backupSets(
  url: string,
  snapshots: Iterable<Snapshot>,
  previous: readonly BackupSet[] = [],
  nameOf: (hostname: string) => string = (hostname) => hostname,
): readonly BackupSet[] {
  const known = new Map(
    previous.map((set) => [keyOf(set.labels["host"], set.labels["user"]), set]),
  );
  const names = new Map<string, string>();
  const hosts = Map.groupBy(snapshots, ({ hostname }) => {
    const name = names.get(hostname) ?? nameOf(hostname);
    names.set(hostname, name);
    return name;
  });
  const sets = sorted(hosts).flatMap(([host, ofHost]) => {
    const users = Map.groupBy(ofHost, userOf);
    return sorted(users).map(([user, members]) => {
      const before = known.get(keyOf(host, user));
      const set = backupSet(before?.labels ?? Object.freeze({ url, host, user }), members);
      return before && isSame(before, set) ? before : set;
    });
  });
  const isUnchanged =
    sets.length === previous.length && sets.every((set, index) => set === previous[index]);
  return isUnchanged ? previous : sets;
}

/** The same content after the names of hosts changed. */
export function renamed(
  url: string,
  content: RepositoryContent,
  nameOf: (hostname: string) => string,
): RepositoryContent {
  const snapshots = content.sets.flatMap(({ members }) => members);
  return { ...content, sets: backupSets(url, snapshots, content.sets, nameOf) };
}

/** Names may contain any character: a joined string would be ambiguous. */
function keyOf(host: string | undefined, user: string | undefined): string {
  return JSON.stringify([host, user]);
}

function sorted<Value>(groups: ReadonlyMap<string, Value>): readonly (readonly [string, Value])[] {
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function backupSet(labels: BackupSet["labels"], members: readonly Snapshot[]): BackupSet {
  const [first] = members;
  if (!first) throw new RangeError("a backup set has a snapshot");
  let newest = first;
  let oldest = first;
  const days: number[] = [];
  for (const snapshot of members) {
    if (compare(snapshot, newest) > 0) newest = snapshot;
    if (compare(snapshot, oldest) < 0) oldest = snapshot;
    addDay(days, Math.floor(snapshot.time.seconds / SECONDS_PER_DAY));
  }
  return { labels, snapshots: members.length, newest, oldest, days, members };
}

/**
 * Negative if `a` is older. Of snapshots with equal times those are newer that tag, rewrite, repair or copy made of another one, and
 * of these the one with the higher id.
 */
function compare(a: Snapshot, b: Snapshot): number {
  return (
    compareInstants(a.time, b.time) ||
    Number(isMade(a)) - Number(isMade(b)) ||
    Number(a.id > b.id) - Number(a.id < b.id)
  );
}

function isMade({ details }: Snapshot): boolean {
  return details?.original !== undefined;
}

/** Keeps the last days, newest first. */
function addDay(days: number[], day: number): void {
  const at = days.findIndex((known) => known <= day);
  if (days[at] === day) return;
  days.splice(at < 0 ? days.length : at, 0, day);
  if (days.length > MAX_DAYS) days.pop();
}

/** A snapshot never changes, but its details may be read later than its time. */
function isSame({ members: a }: BackupSet, { members: b }: BackupSet): boolean {
  if (a.length !== b.length) return false;
  if (a.every((snapshot, index) => snapshot === b[index])) return true;
  const known = new Map(a.map((snapshot) => [snapshot.id, snapshot]));
  return b.every(({ id, details }) => {
    const before = known.get(id);
    return before !== undefined && (before.details === undefined) === (details === undefined);
  });
}

import { atOnce } from "../core/in-steps.ts";
import { DEFAULT_DATING, isBackdated } from "./backdated.ts";
import type { AllowsTime, Dating } from "./backdated.ts";
import { userOf } from "./repository/snapshot.ts";
import type { Snapshot } from "./repository/snapshot.ts";
import { compareInstants } from "./repository/timestamp.ts";
import type { BackupSet, RepositoryContent } from "./state.ts";

const SECONDS_PER_DAY = 86_400;
const MAX_DAYS = 31;
const MAX_RECENT = 5;
/** Snapshots of a step. */
const AT_ONCE = 5000;
const NONE: ReadonlySet<Snapshot> = new Set();

/** A clock may be this much ahead; a snapshot that is dated later is dated in the future, seconds. */
const MAX_AHEAD_SECONDS = 600;

export type NameOf = (hostname: string) => string;

/** The rules of backup sets in the settings of expectations. */
export interface SettingsRules {
  /** The host under which a host is shown. */
  readonly nameOf: NameOf;
  readonly allowsTime: AllowsTime | undefined;
}

/** How snapshots become backup sets. */
export interface SetRules {
  /** The host under which a host is shown. Default: its own name. */
  readonly nameOf?: NameOf | undefined;
  readonly dating?: Dating | undefined;
  /** Milliseconds since the epoch. Default: no snapshot is dated in the future. */
  readonly now?: number;
  /** The previous sets were made with the same dating. Default: true. */
  readonly isSameDating?: boolean;
}

/**
 * Groups the snapshots of a repository into backup sets, sorted by host and user.
 * @param previous the result of the last call, sorted: sets that did not change stay the same objects, and so does the array
 */
export function backupSets(
  url: string,
  snapshots: Iterable<Snapshot>,
  previous: readonly BackupSet[] = [],
  rules: SetRules = {},
): readonly BackupSet[] {
  return atOnce(groupingSteps(url, snapshots, previous, rules));
}

/** As `backupSets`, in steps of some thousand snapshots. */
export function* groupingSteps(
  url: string,
  snapshots: Iterable<Snapshot>,
  previous: readonly BackupSet[] = [],
  rules: SetRules = {},
): Generator<void, readonly BackupSet[]> {
  const { nameOf = (hostname: string) => hostname, isSameDating = true } = rules;
  const known = previous.values();
  let next = known.next().value;
  // Both are sorted: those before it are gone.
  const takeBefore = (host: string, user: string): BackupSet | undefined => {
    while (next && isBefore(next, host, user)) next = known.next().value;
    return next?.labels["host"] === host && next.labels["user"] === user ? next : undefined;
  };
  const names = new Map<string, string>();
  let done = 0;
  const hosts = Map.groupBy(snapshots, ({ hostname }) => {
    done += 1;
    const name = names.get(hostname) ?? nameOf(hostname);
    names.set(hostname, name);
    return name;
  });
  const sets: BackupSet[] = [];
  for (const [host, ofHost] of sorted(hosts)) {
    if (done + ofHost.length > AT_ONCE) {
      yield;
      done = 0;
    }
    done += ofHost.length;
    for (const [user, members] of sorted(Map.groupBy(ofHost, userOf))) {
      const before = takeBefore(host, user);
      const isKnown = before && isSameDating && isSame(before.members, members);
      const labels = before?.labels ?? Object.freeze({ url, host, user });
      sets.push(isKnown ? before : yield* setSteps(labels, members, rules));
    }
  }
  const isUnchanged =
    sets.length === previous.length && sets.every((set, index) => set === previous[index]);
  return isUnchanged ? previous : sets;
}

/** The same content after the names of hosts changed, or the snapshots whose time the client may choose. */
export function regrouped(
  url: string,
  content: RepositoryContent,
  { allowsTime, ...rules }: SettingsRules & Pick<SetRules, "now">,
): RepositoryContent {
  const { sets, dating: before = DEFAULT_DATING } = content;
  const dating = { ...before, allowsTime };
  const isSameDating = before.allowsTime === allowsTime;
  const snapshots = sets.flatMap(({ members }) => members);
  const made = backupSets(url, snapshots, sets, { ...rules, dating, isSameDating });
  return { ...content, sets: made, dating };
}

function isBefore({ labels }: BackupSet, host: string, user: string): boolean {
  const { host: ownHost = "", user: ownUser = "" } = labels;
  return ownHost < host || (ownHost === host && ownUser < user);
}

function sorted<Value>(groups: ReadonlyMap<string, Value>): readonly (readonly [string, Value])[] {
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function* setSteps(
  labels: BackupSet["labels"],
  members: readonly Snapshot[],
  { dating = DEFAULT_DATING, now = Infinity }: SetRules,
): Generator<void, BackupSet> {
  const [first] = members;
  if (!first) throw new RangeError("a backup set has a snapshot");
  let newest = first;
  let oldest = first;
  const days: number[] = [];
  const { host = "", user = "" } = labels;
  const isAllowed = dating.allowsTime?.(host, user);
  const backdated = new Set<Snapshot>();
  for (const [index, snapshot] of members.entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) yield;
    if (compareSnapshots(snapshot, newest) > 0) newest = snapshot;
    if (compareSnapshots(snapshot, oldest) < 0) oldest = snapshot;
    addDay(days, Math.floor(snapshot.time.seconds / SECONDS_PER_DAY));
    if (isBackdated(snapshot, dating, isAllowed?.(snapshot))) backdated.add(snapshot);
  }
  const latest = now / 1000 + MAX_AHEAD_SECONDS;
  const paths = newest.details?.groups.paths;
  const recent: Snapshot[] = [];
  for (const [index, snapshot] of members.entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) yield;
    const isLike = paths !== undefined && snapshot.details?.groups.paths === paths;
    const isUsual = snapshot.time.seconds <= latest && !backdated.has(snapshot);
    if (isLike && isUsual && snapshot !== newest) addRecent(recent, snapshot);
  }
  return {
    labels,
    snapshots: members.length,
    newest,
    oldest,
    days,
    backdated: backdated.size > 0 ? backdated : NONE,
    lastBackdatedAt: lastAppearance(backdated),
    recent,
    members,
  };
}

function lastAppearance(snapshots: Iterable<Snapshot>): number | undefined {
  let last: number | undefined;
  for (const { firstSeen } of snapshots)
    if (firstSeen) last = Math.max(last ?? firstSeen.at, firstSeen.at);
  return last;
}

/** Keeps the last snapshots, newest first. */
function addRecent(recent: Snapshot[], snapshot: Snapshot): void {
  const at = recent.findIndex((known) => compareSnapshots(known, snapshot) < 0);
  recent.splice(at < 0 ? recent.length : at, 0, snapshot);
  if (recent.length > MAX_RECENT) recent.pop();
}

/**
 * Negative if `a` is older. Of snapshots with equal times those are newer that tag, rewrite, repair or copy made of another one, and
 * of these the one with the higher id.
 */
export function compareSnapshots(a: Snapshot, b: Snapshot): number {
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
function isSame(a: readonly Snapshot[], b: readonly Snapshot[]): boolean {
  if (a.length !== b.length) return false;
  if (a.every((snapshot, index) => snapshot === b[index])) return true;
  const known = new Map(a.map((snapshot) => [snapshot.id, snapshot]));
  return b.every(({ id, details }) => {
    const before = known.get(id);
    return before !== undefined && (before.details === undefined) === (details === undefined);
  });
}

import type { BackupSet, Snapshot } from "../restic/state.ts";
import type { ExpectationSettings } from "../settings/expectations/expectations.ts";
import { cadenceOf } from "./cadence.ts";
import type { Cadence } from "./cadence.ts";
import { MAX_AHEAD_SECONDS } from "./finding.ts";
import { isRetired } from "./hit.ts";

const RETIRED_SECONDS = 90 * 86_400;
/** A host with more lists of paths is one history: its paths change from backup to backup. */
const MAX_LISTS = 50;
/** The snapshots of a host that show whether its paths change. */
const RECENT_SNAPSHOTS = 30;
/** Fewer snapshots of one list of paths have no rhythm. */
const MIN_SNAPSHOTS = 3;

/** An expectation that the past of one or several hosts would have met. */
export interface Suggestion extends Cadence {
  /** The names of hosts, sorted; more than one only if they are regular. */
  readonly hosts: readonly string[];
  /** undefined: the hosts are in no other repository. */
  readonly url: string | undefined;
  /** Empty: all snapshots of the host count. */
  readonly paths: readonly string[];
  /** `silent`: late at once; `retired`: silent for long, or a single backup of other paths that was not repeated. */
  readonly state: "regular" | "silent" | "retired";
  /** Unix seconds: the oldest of the newest snapshots of the hosts. */
  readonly newest: number;
}

/** Suggested expectations, and hosts that no settings can name. */
export interface Suggestions {
  readonly suggestions: readonly Suggestion[];
  /** Literal hosts of `retired` that made backups after its date: they would be in both sections. */
  readonly returned: readonly string[];
  /** Hosts that were left out: all their snapshots are empty, or dated in the future. */
  readonly uncounted: readonly string[];
  /** Snapshots without a host name were left out. */
  readonly hasNameless: boolean;
}

/** The snapshots of a host in a repository that are one job. */
interface History {
  readonly host: string;
  readonly url: string | undefined;
  readonly paths: readonly string[];
  /** Unix seconds, newest first, no time twice. */
  readonly times: readonly number[];
}

/**
 * Suggests expectations, per host and paths in each repository. Hosts with the same age share one. Sets that are retired by the settings
 * are left out.
 * @param now milliseconds since the epoch
 */
export function suggest(
  sets: Iterable<BackupSet>,
  settings: ExpectationSettings,
  now: number,
): Suggestions {
  const named = new Set(settings.retired.flatMap(({ hosts }) => Array.from(hosts.literals)));
  const active = [...sets].filter((set) => !isRetired(set, settings.retired));
  const hostOf = ({ labels: { host = "" } }: BackupSet): string => host;
  const [returned, free] = parted(active, (set) => named.has(hostOf(set)));
  const [nameless, usable] = parted(free, (set) => hostOf(set) === "");
  const single = [...Map.groupBy(usable, hostOf)].flatMap(([host, ofHost]) => {
    const places = Map.groupBy(ofHost, ({ labels: { url = "" } }) => url);
    return [...places].flatMap(([url, ofPlace]) =>
      suggestionsOf(historiesOf(host, places.size > 1 ? url : undefined, ofPlace, now), now),
    );
  });
  const suggested = new Set(single.flatMap(({ hosts }) => hosts));
  const all = [...new Set(usable.map(hostOf))];
  return {
    suggestions: shared(single),
    returned: [...new Set(returned.map(hostOf))].toSorted(),
    uncounted: all.filter((host) => !suggested.has(host)).toSorted(),
    hasNameless: nameless.length > 0,
  };
}

function parted<Value>(
  values: readonly Value[],
  test: (value: Value) => boolean,
): readonly [readonly Value[], readonly Value[]] {
  return [values.filter(test), values.filter((value) => !test(value))];
}

/** The histories of a host in one repository, of all users: one for each list of paths, or a single one without paths. */
function historiesOf(
  host: string,
  url: string | undefined,
  sets: readonly BackupSet[],
  now: number,
): readonly History[] {
  const latest = now / 1000 + MAX_AHEAD_SECONDS;
  // As in an expectation, empty and future snapshots do not count.
  const counting = sets
    .flatMap(({ members }) => members)
    .filter(({ time, summary }) => time.seconds <= latest && summary?.files !== 0)
    .toSorted((a, b) => b.time.seconds - a.time.seconds);
  if (counting.length === 0) return [];
  const lists = Map.groupBy(counting, ({ details }) => details?.groups.paths);
  const isRare = ({ details }: Snapshot): boolean =>
    (lists.get(details?.groups.paths)?.length ?? 0) < MIN_SNAPSHOTS;
  const recent = counting.slice(0, RECENT_SNAPSHOTS);
  const areKnown = counting.every(({ details }) => details?.paths !== undefined);
  const areSteady = lists.size <= MAX_LISTS && recent.filter(isRare).length * 2 <= recent.length;
  if (lists.size === 1 || !areKnown || !areSteady)
    return [{ host, url, paths: [], times: timesOf(counting) }];
  return [...lists.values()].map((ofList) => {
    const paths = ofList[0]?.details?.paths?.filter((path) => path !== "") ?? [];
    return { host, url, paths: [...new Set(paths)].toSorted(), times: timesOf(ofList) };
  });
}

function timesOf(snapshots: readonly Snapshot[]): readonly number[] {
  return [...new Set(snapshots.map(({ time }) => time.seconds))];
}

/** @param histories of one host in one repository */
function suggestionsOf(histories: readonly History[], now: number): readonly Suggestion[] {
  const hasRhythm = histories.some(({ times }) => times.length >= MIN_SNAPSHOTS);
  return histories.flatMap((history) => {
    const { host, url, paths, times } = history;
    const cadence = cadenceOf(times);
    const newest = times[0] ?? 0;
    const age = now / 1000 - newest;
    const isSilent = age > cadence.maxAgeSeconds;
    // A snapshot that has these paths and more would meet the expectation.
    if (isSilent && histories.some((other) => replaces(other, history))) return [];
    const isOnce = hasRhythm && times.length < MIN_SNAPSHOTS;
    const isGone = age > RETIRED_SECONDS || isOnce;
    const state = isSilent ? (isGone ? "retired" : "silent") : "regular";
    return [{ hosts: [host], url, paths, state, newest, ...cadence }];
  });
}

function replaces(newer: History, older: History): boolean {
  return (
    newer !== older &&
    (newer.times[0] ?? 0) > (older.times[0] ?? 0) &&
    older.paths.every((path) => newer.paths.includes(path))
  );
}

/** Joins the regular ones that differ in the host alone. */
function shared(suggestions: readonly Suggestion[]): readonly Suggestion[] {
  const groups = Map.groupBy(suggestions, ({ hosts, url, paths, state, ...cadence }) => {
    const { gapSeconds, maxAgeSeconds } = cadence;
    const own = state === "regular" ? [] : hosts;
    return JSON.stringify([url, paths, state, gapSeconds === undefined, maxAgeSeconds, own]);
  });
  return [...groups.values()].flatMap(asOne);
}

function asOne(group: readonly Suggestion[]): readonly Suggestion[] {
  const [first] = group;
  if (!first) return [];
  const hosts = group.flatMap((one) => one.hosts).toSorted();
  let { newest, gapSeconds } = first;
  for (const one of group) {
    newest = Math.min(newest, one.newest);
    if (gapSeconds !== undefined) gapSeconds = Math.max(gapSeconds, one.gapSeconds ?? 0);
  }
  return [{ ...first, hosts, newest, gapSeconds }];
}

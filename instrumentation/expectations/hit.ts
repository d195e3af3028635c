import type { Labels } from "../core/source.ts";
import type { BackupSet, Snapshot } from "../restic/state.ts";
import type { Expectation, Retired } from "../settings/expectations/expectations.ts";
import { findingOf } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** A backup set whose host an expectation is about. */
export interface Hit {
  /** Key of the slot that the set belongs to. */
  readonly key: string;
  readonly host: string;
  readonly user: string;
  /** The host is named, not matched by a glob. */
  readonly hasHostName: boolean;
  /** How the user is expected; undefined: not at all. */
  readonly userBy: "name" | "glob" | undefined;
  readonly finding: Finding;
}

/** The hit of each expectation that is about a backup set. */
export type Hits = readonly (readonly [Expectation, Hit])[];

/** Names may contain any character: a joined string would be ambiguous. */
export function slotKey(expectation: string, host?: string, user?: string): string {
  return JSON.stringify([expectation, host, user].filter((name) => name !== undefined));
}

/**
 * @param expectations about the repository of the set
 * @param retired whether the set is retired: a glob does not match retired hosts
 * @param unrestorable ids of snapshots that cannot be restored
 * @param now milliseconds since the epoch
 */
export function hitsOf(
  set: BackupSet,
  expectations: readonly Expectation[],
  retired: boolean,
  unrestorable: ReadonlySet<string>,
  now: number,
): Hits {
  const { host = "", user = "" } = set.labels;
  const hits: (readonly [Expectation, Hit])[] = [];
  for (const expectation of expectations) {
    const by = expectation.hosts.match(host);
    if (by === undefined || (by === "glob" && retired)) continue;
    const { name, users } = expectation;
    const hit = {
      key: slotKey(name, host, users ? user : undefined),
      host,
      user,
      hasHostName: by === "name",
      userBy: users ? users.match(user) : "name",
      finding: findingOf(set, expectation, unrestorable, now),
    };
    hits.push([expectation, hit]);
  }
  return hits;
}

/** A set is retired until it has a snapshot after the date. */
export function isRetired(
  { labels, newest }: { readonly labels: Labels; readonly newest: Pick<Snapshot, "time"> },
  retired: readonly Retired[],
): boolean {
  const { url = "", host = "", user = "" } = labels;
  return retired.some(
    ({ urls, hosts, users, since }) =>
      newest.time.seconds * 1000 <= since &&
      urls.includes(url) &&
      hosts.match(host) !== undefined &&
      (!users || users.match(user) !== undefined),
  );
}

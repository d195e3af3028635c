import type { Glob } from "../settings/expectations/glob.ts";
import type { BackupSet } from "../restic/state.ts";
import type {
  Expectation,
  ExpectationSettings,
  Retired,
} from "../settings/expectations/expectations.ts";
import { findingOf } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** A backup set whose host an expectation is about. */
export interface Hit {
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

/** @param now milliseconds since the epoch */
export function hitsOf(set: BackupSet, settings: ExpectationSettings, now: number): Hits {
  const { url = "", host = "", user = "" } = set.labels;
  const retired = isRetired(set, settings.retired);
  return settings.expectations.flatMap((expectation) => {
    const by = matchOf(expectation.hosts, host);
    // A glob does not stand for retired hosts.
    if (by === undefined || (by === "glob" && retired) || !expectation.urls.includes(url))
      return [];
    const userBy = expectation.users ? matchOf(expectation.users, user) : "name";
    const finding = findingOf(set, expectation, now);
    return [[expectation, { host, user, hasHostName: by === "name", userBy, finding }] as const];
  });
}

/** A set is retired until it has a snapshot after the date. */
export function isRetired({ labels, newest }: BackupSet, retired: readonly Retired[]): boolean {
  const { url = "", host = "", user = "" } = labels;
  return retired.some(
    ({ urls, hosts, users, since }) =>
      newest.time.seconds * 1000 <= since &&
      urls.includes(url) &&
      matchOf(hosts, host) !== undefined &&
      (!users || matchOf(users, user) !== undefined),
  );
}

function matchOf(globs: readonly Glob[], name: string): "name" | "glob" | undefined {
  if (globs.some(({ literal }) => literal === name)) return "name";
  return globs.some((glob) => glob.matches(name)) ? "glob" : undefined;
}

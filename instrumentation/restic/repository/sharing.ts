import { hash } from "node:crypto";

import { groupsOf } from "./groups.ts";
import type { Groups } from "./groups.ts";
import type { DecodedDetails, DecodedSnapshot, Details, FirstSeen, Snapshot } from "./snapshot.ts";

/** @param firstSeen default: that of the decoded snapshot */
type Share = (snapshot: DecodedSnapshot, firstSeen?: FirstSeen) => Snapshot;

/** Bound of the lists of paths and tags that are kept for a repository. */
const MAX_LIST_BYTES = 16 * 2 ** 20;

/** Bytes of a string in memory beside its characters. */
const STRING_BYTES = 24;

/**
 * Lets snapshots share equal names, lists and groups: thousands of snapshots have the names and paths of a few hosts. Beyond 16 MiB
 * a list is dropped, and only its groups stay.
 * @param known snapshots that were shared before
 */
export function sharing(known: Iterable<Snapshot> = []): Share {
  const names = new Map<string, string>();
  const lists = new Map<string, readonly string[]>();
  /** Lists that are in `lists`, to compare them by identity. */
  const kept = new Set<readonly string[]>();
  /** By the kept lists of paths and of tags. */
  const groups = new Map<readonly string[], Map<readonly string[], Groups>>();
  let bytes = 0;
  let isSeeded = false;

  const name = (value: string): string => {
    const shared = names.get(value) ?? value;
    names.set(shared, shared);
    return shared;
  };

  function list(value: readonly string[] | undefined): readonly string[] | undefined {
    if (value === undefined || kept.has(value)) return value;
    const key = hash("sha256", JSON.stringify(value), "base64");
    const shared = lists.get(key);
    if (shared) return shared;
    const size = value.reduce((sum, { length }) => sum + length + STRING_BYTES, STRING_BYTES);
    if (bytes + size > MAX_LIST_BYTES) return undefined;
    bytes += size;
    lists.set(key, value);
    kept.add(value);
    return value;
  }

  /** @param own the groups, if they are known */
  function groupsOfKept(
    paths: readonly string[],
    tags: readonly string[],
    own: Groups | undefined,
  ): Groups {
    const byTags = groups.get(paths) ?? new Map<readonly string[], Groups>();
    const shared = byTags.get(tags) ?? own ?? groupsOf(paths, tags);
    groups.set(paths, byTags);
    byTags.set(tags, shared);
    return shared;
  }

  function shareDetails(details: DecodedDetails): Details {
    const paths = list(details.paths);
    const tags = list(details.tags);
    const { original, tree, programVersion, utcOffsetMinutes } = details;
    return {
      original,
      tree,
      paths,
      tags,
      groups:
        paths && tags
          ? groupsOfKept(paths, tags, details.groups)
          : (details.groups ?? groupsOf(details.paths ?? [], details.tags ?? [])),
      programVersion: programVersion && name(programVersion),
      utcOffsetMinutes,
    };
  }

  function share(snapshot: DecodedSnapshot, firstSeen: FirstSeen | undefined): Snapshot {
    const { id, time, hostname, username, summary, details } = snapshot;
    return {
      id,
      time,
      hostname: name(hostname),
      username: name(username),
      summary,
      details: details && shareDetails(details),
      firstSeen,
    };
  }

  return (snapshot, firstSeen = snapshot.firstSeen) => {
    // Others share what these have.
    if (!isSeeded) for (const one of known) share(one, undefined);
    isSeeded = true;
    return share(snapshot, firstSeen);
  };
}

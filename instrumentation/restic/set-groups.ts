import type { Labels } from "../core/source.ts";
import { compareSnapshots } from "./backup-sets.ts";
import { listText } from "./repository/groups.ts";
import type { Snapshot } from "./repository/snapshot.ts";
import type { BackupSet } from "./state.ts";

/** The lists of a snapshot that divide a backup set into groups. */
export type GroupLists = readonly ("paths" | "tags")[];

/** Snapshots of a backup set that have the same lists. Never changes. */
export interface SetGroup {
  /** `url`, `host`, `user`, `group`. */
  readonly labels: Labels;
  readonly snapshots: number;
  readonly newest: Snapshot;
  /** The labels with the lists as text, cut at 256 bytes; undefined: the lists are not known. */
  readonly info: Labels | undefined;
}

/** The groups of a backup set, sorted by name. Snapshots whose lists are not read yet are in none. */
export function groupsOfSet({ labels, members }: BackupSet, by: GroupLists): readonly SetGroup[] {
  if (by.length === 0) return [];
  const groups = Map.groupBy(members, (snapshot) => groupName(snapshot, by));
  return [...groups]
    .toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1))
    .flatMap(([group, snapshots]) => {
      if (group === undefined) return [];
      const own = Object.freeze({ ...labels, group });
      const newest = snapshots.reduce((a, b) => (compareSnapshots(a, b) < 0 ? b : a));
      return [
        { labels: own, snapshots: snapshots.length, newest, info: infoOf(own, snapshots, by) },
      ];
    });
}

/** undefined: it has none. */
export function groupName({ details }: Snapshot, by: GroupLists): string | undefined {
  const [list] = by;
  if (!list) return undefined;
  return details?.groups[by.length > 1 ? "pathsAndTags" : list];
}

function infoOf(
  labels: Labels,
  snapshots: readonly Snapshot[],
  by: GroupLists,
): Labels | undefined {
  const known = snapshots.find(({ details }) => by.every((list) => details?.[list]));
  if (!known) return undefined;
  const texts = by.map((list) => [list, listText(known.details?.[list] ?? [])] as const);
  return Object.freeze({ ...labels, ...Object.fromEntries(texts) });
}

import type { Labels } from "../core/source.ts";
import { compareSnapshots } from "./backup-sets.ts";
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

/** Bound of a list as a label. */
const MAX_LABEL_BYTES = 256;

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
  const texts = by.map((list) => [list, textOf(known.details?.[list] ?? [])] as const);
  return Object.freeze({ ...labels, ...Object.fromEntries(texts) });
}

/** The sorted list with commas, cut at a character. */
function textOf(list: readonly string[]): string {
  const bytes = Buffer.from(list.toSorted().join(","));
  if (bytes.length <= MAX_LABEL_BYTES) return bytes.toString();
  let end = MAX_LABEL_BYTES;
  // A byte 10xxxxxx continues a character of UTF-8.
  while (((bytes[end] ?? 0) & 0b1100_0000) === 0b1000_0000) end -= 1;
  return bytes.toString("utf8", 0, end);
}

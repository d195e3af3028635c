import { hash } from "node:crypto";

/** Names of the groups of a snapshot: snapshots with the same paths, the same tags, or both, have the same name. 12 hex digits. */
export interface Groups {
  readonly paths: string;
  readonly tags: string;
  readonly pathsAndTags: string;
}

/** The order of the lists does not matter, as for restic. */
export function groupsOf(paths: readonly string[], tags: readonly string[]): Groups {
  const sorted = { paths: paths.toSorted(), tags: tags.toSorted() };
  return {
    paths: nameOf({ paths: sorted.paths }),
    tags: nameOf({ tags: sorted.tags }),
    pathsAndTags: nameOf(sorted),
  };
}

function nameOf(lists: object): string {
  return hash("sha256", JSON.stringify(lists)).slice(0, 12);
}

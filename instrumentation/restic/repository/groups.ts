import { hash } from "node:crypto";

/** Bound of a list as text. */
const MAX_TEXT_BYTES = 256;

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

/** The sorted list with commas, cut at a character. */
export function listText(list: readonly string[]): string {
  const bytes = Buffer.from(list.toSorted().join(","));
  if (bytes.length <= MAX_TEXT_BYTES) return bytes.toString();
  let end = MAX_TEXT_BYTES;
  // A byte 10xxxxxx continues a character of UTF-8.
  while (((bytes[end] ?? 0) & 0b1100_0000) === 0b1000_0000) end -= 1;
  return bytes.toString("utf8", 0, end);
}

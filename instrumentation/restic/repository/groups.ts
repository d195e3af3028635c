import { hash } from "node:crypto";

import { atOnce, byText, inSteps, partsOf, sortSteps } from "../../core/in-steps.ts";

/** Bound of a list as text. */
const MAX_TEXT_BYTES = 256;

/** Entries of a list that are compared at a time. */
const COMPARED = 1000;

/** Names of the groups of a snapshot: snapshots with the same paths, the same tags, or both, have the same name. 12 hex digits. */
export interface Groups {
  readonly paths: string;
  readonly tags: string;
  readonly pathsAndTags: string;
}

/** The order of the lists does not matter, as for restic. */
export function groupsOf(paths: readonly string[], tags: readonly string[]): Groups {
  return atOnce(groupSteps(paths, tags));
}

/** As `groupsOf`. Other work has its turn between steps of some milliseconds: long lists take a tenth of a second. */
export function groupsInSteps(paths: readonly string[], tags: readonly string[]): Promise<Groups> {
  return inSteps(groupSteps(paths, tags));
}

function* groupSteps(paths: readonly string[], tags: readonly string[]): Generator<void, Groups> {
  const ofPaths = `"paths":${yield* textSteps(yield* sortSteps(paths, byText))}`;
  const ofTags = `"tags":${yield* textSteps(yield* sortSteps(tags, byText))}`;
  const names: string[] = [];
  for (const lists of [ofPaths, ofTags, `${ofPaths},${ofTags}`]) {
    yield;
    names.push(shortHash(`{${lists}}`));
  }
  const [byPaths = "", byTags = "", byBoth = ""] = names;
  return { paths: byPaths, tags: byTags, pathsAndTags: byBoth };
}

/** As `JSON.stringify()`. */
function* textSteps(list: readonly string[]): Generator<void, string> {
  const texts: string[] = [];
  for (const part of partsOf(list)) {
    texts.push(JSON.stringify(part).slice(1, -1));
    yield;
  }
  return `[${texts.join(",")}]`;
}

function shortHash(text: string): string {
  return hash("sha256", text).slice(0, 12);
}

/** The sorted list with commas, cut at a character. */
export function listText(list: readonly string[]): string {
  const bytes = Buffer.from(least(list).join(","));
  if (bytes.length <= MAX_TEXT_BYTES) return bytes.toString();
  let end = MAX_TEXT_BYTES;
  // A byte 10xxxxxx continues a character of UTF-8.
  while (((bytes[end] ?? 0) & 0b1100_0000) === 0b1000_0000) end -= 1;
  return bytes.toString("utf8", 0, end);
}

/** The beginning of the sorted list, with as many entries as a text can have. Long lists are not sorted for it. */
function least(list: readonly string[]): readonly string[] {
  let first: readonly string[] = [];
  for (let from = 0; from < list.length; from += COMPARED) {
    const part = list.slice(from, from + COMPARED);
    const last = first[MAX_TEXT_BYTES];
    const lower = last === undefined ? part : part.filter((one) => one < last);
    first = [...first, ...lower].toSorted().slice(0, MAX_TEXT_BYTES + 1);
  }
  return first;
}

import { posix } from "node:path";

import { childText, parseXml } from "../object-store/xml.ts";
import type { XmlElement } from "../object-store/xml.ts";

/** One page of a listing. */
interface S3Page {
  readonly names: readonly string[];
  /** The continuation token or marker of the next page; undefined: this was the last. */
  readonly next: string | undefined;
  /** There are more names, and the page does not say where they begin. */
  readonly endsEarly: boolean;
}

export interface S3Listing {
  /** The prefix of all names; ends with a slash. */
  readonly prefix: string;
  /** Includes objects in folders below. */
  readonly deep: boolean;
  /** Uses ListObjects instead of ListObjectsV2. */
  readonly old: boolean;
}

export function listQuery(
  { prefix, deep, old }: S3Listing,
  from: string | undefined,
): Readonly<Record<string, string>> {
  return {
    ...(!old && { "list-type": "2" }),
    prefix,
    ...(!deep && { delimiter: "/" }),
    // XML cannot represent control characters, which names may contain.
    "encoding-type": "url",
    ...(from !== undefined && { [old ? "marker" : "continuation-token"]: from }),
  };
}

/** undefined: not a listing. */
export function parseListing(body: Uint8Array, listing: S3Listing): S3Page | undefined {
  const root = parseXml(body);
  if (root?.name !== "ListBucketResult") return undefined;
  const decode = childText(root, "EncodingType") === "url" ? decodeName : (name: string) => name;
  const contents = root.children.filter(({ name }) => name === "Contents");
  const keys = contents.map((entry) => decode(childText(entry, "Key") ?? ""));
  const names = keys.flatMap((key) => nameOf(key, listing));
  if (childText(root, "IsTruncated")?.trim() !== "true")
    return { names, next: undefined, endsEarly: false };
  const next = listing.old
    ? nextMarker(root, decode, keys.at(-1))
    : childText(root, "NextContinuationToken");
  return { names, next, endsEarly: next === undefined || next === "" };
}

/** ListObjects returns NextMarker only with a delimiter; otherwise the last key is the marker. */
function nextMarker(
  root: XmlElement,
  decode: (name: string) => string,
  lastKey: string | undefined,
): string | undefined {
  const marker = childText(root, "NextMarker");
  return marker === undefined || marker === "" ? lastKey : decode(marker);
}

/** Skips objects that represent folders: their names end with a slash. */
function nameOf(key: string, { prefix, deep }: S3Listing): readonly string[] {
  const below = key.startsWith(prefix) ? key.slice(prefix.length) : "";
  if (below === "" || (!deep && below.includes("/")) || below.endsWith("/")) return [];
  return [posix.basename(below)];
}

/** restic's own names can always be decoded. */
function decodeName(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll("+", " "));
  } catch {
    return name;
  }
}

import { posix } from "node:path";

import { childText, parseXml } from "../object-store/xml.ts";
import type { XmlElement } from "../object-store/xml.ts";

/** One page of a bucket. */
interface S3Page {
  readonly names: readonly string[];
  /** What the next page is asked for with; undefined at the end. */
  readonly next: string | undefined;
}

export interface S3Listing {
  /** What all names begin with; ends with a slash. */
  readonly prefix: string;
  /** Folders in it too. */
  readonly deep: boolean;
  /** By ListObjects in place of ListObjectsV2. */
  readonly old: boolean;
}

/** The query of a page. */
export function listQuery(
  { prefix, deep, old }: S3Listing,
  from: string | undefined,
): Readonly<Record<string, string>> {
  return {
    ...(!old && { "list-type": "2" }),
    prefix,
    // Packs lie in 256 folders.
    ...(!deep && { delimiter: "/" }),
    // XML knows no control characters, names do.
    "encoding-type": "url",
    ...(from !== undefined && { [old ? "marker" : "continuation-token"]: from }),
  };
}

/** Undefined for anything but a listing: also for one that has more and does not say where. */
export function parseListing(body: Uint8Array, listing: S3Listing): S3Page | undefined {
  const root = parseXml(body);
  if (root?.name !== "ListBucketResult") return undefined;
  const decode = childText(root, "EncodingType") === "url" ? decodeName : (name: string) => name;
  const contents = root.children.filter(({ name }) => name === "Contents");
  const keys = contents.map((entry) => decode(childText(entry, "Key") ?? ""));
  const names = keys.flatMap((key) => nameOf(key, listing));
  if (childText(root, "IsTruncated")?.trim() !== "true") return { names, next: undefined };
  const next = listing.old
    ? nextMarker(root, decode, keys.at(-1))
    : childText(root, "NextContinuationToken");
  return next === undefined || next === "" ? undefined : { names, next };
}

/** A server of the old call names it only if there was a delimiter. */
function nextMarker(
  root: XmlElement,
  decode: (name: string) => string,
  lastKey: string | undefined,
): string | undefined {
  const marker = childText(root, "NextMarker");
  return marker === undefined || marker === "" ? lastKey : decode(marker);
}

/** Folders may have objects of their own, whose names end with a slash. */
function nameOf(key: string, { prefix, deep }: S3Listing): readonly string[] {
  const below = key.startsWith(prefix) ? key.slice(prefix.length) : "";
  if (below === "" || (!deep && below.includes("/")) || below.endsWith("/")) return [];
  return [posix.basename(below)];
}

/** A name that cannot be decoded is none of restic's. */
function decodeName(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll("+", " "));
  } catch {
    return name;
  }
}

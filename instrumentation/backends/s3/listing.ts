import { percentDecoded } from "../../core/parse-text.ts";
import type { ListedFile } from "../backend.ts";
import { childText, parseXml } from "../object-store/xml.ts";

/** One page of a listing. */
interface S3Page {
  /** With their keys. */
  readonly objects: readonly ListedFile[];
  /** The continuation token or marker of the next page; undefined: this was the last. */
  readonly next: string | undefined;
  /** There are more names, and the page does not say where they begin. */
  readonly endsEarly: boolean;
}

export interface S3Listing {
  /** The prefix of all keys. */
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
  const objects = contents.map((entry) => ({
    name: decode(childText(entry, "Key") ?? ""),
    size: childText(entry, "Size"),
  }));
  const token = childText(root, listing.old ? "NextMarker" : "NextContinuationToken") || undefined;
  const truncated = childText(root, "IsTruncated")?.trim();
  const isLast = truncated === "false" || (!truncated && token === undefined);
  if (isLast) return { objects, next: undefined, endsEarly: false };
  const next = listing.old ? nextMarker(token, decode, objects.at(-1)?.name) : token;
  return { objects, next, endsEarly: !next };
}

/** ListObjects returns NextMarker only with a delimiter; otherwise the last key is the marker. */
function nextMarker(
  marker: string | undefined,
  decode: (name: string) => string,
  lastKey: string | undefined,
): string | undefined {
  return marker === undefined ? lastKey : decode(marker);
}

/** restic's own names can always be decoded. */
function decodeName(name: string): string {
  return percentDecoded(name.replaceAll("+", " ")) ?? name;
}

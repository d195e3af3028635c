import { posix } from "node:path";

import type { Page } from "../backend.ts";
import { childText, parseXml } from "../object-store/xml.ts";
import type { XmlElement } from "../object-store/xml.ts";

/** undefined: not a response to List Blobs. */
export function parseAzurePage(body: Uint8Array): Omit<Page, "receivedBytes"> | undefined {
  const root = parseXml(body);
  const blobs = root?.children.find(({ name }) => name === "Blobs");
  if (root?.name !== "EnumerationResults" || !blobs) return undefined;
  return {
    names: blobs.children.flatMap(nameOf),
    next: childText(root, "NextMarker") || undefined,
  };
}

/** A folder is an element BlobPrefix. */
function nameOf(blob: XmlElement): readonly string[] {
  const name = posix.basename(childText(blob, "Name") ?? "");
  return blob.name === "Blob" && name !== "" ? [name] : [];
}

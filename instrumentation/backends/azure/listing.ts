import type { ListedFile } from "../backend.ts";
import type { ObjectPage } from "../object-store/object-store.ts";
import { childText, parseXml } from "../object-store/xml.ts";
import type { XmlElement } from "../object-store/xml.ts";

/** undefined: not a response to List Blobs. */
export function parseAzurePage(body: Uint8Array): Omit<ObjectPage, "receivedBytes"> | undefined {
  const root = parseXml(body);
  const blobs = root?.children.find(({ name }) => name === "Blobs");
  if (root?.name !== "EnumerationResults" || !blobs) return undefined;
  return {
    objects: blobs.children.flatMap(objectOf),
    next: childText(root, "NextMarker") || undefined,
  };
}

/** A folder is an element BlobPrefix. */
function objectOf(blob: XmlElement): readonly ListedFile[] {
  const properties = blob.children.find(({ name }) => name === "Properties");
  const object = {
    name: childText(blob, "Name") ?? "",
    size: childText(properties, "Content-Length"),
  };
  return blob.name === "Blob" ? [object] : [];
}

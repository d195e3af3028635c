import { posix } from "node:path";

import type { FileInfo, Page } from "./backend.ts";
import { childText, parseXml } from "./xml.ts";
import type { XmlElement } from "./xml.ts";

/** Undefined for anything but an answer to List Blobs. */
export function parseAzurePage(body: Uint8Array): Omit<Page, "receivedBytes"> | undefined {
  const root = parseXml(body);
  const blobs = root?.children.find(({ name }) => name === "Blobs");
  if (root?.name !== "EnumerationResults" || !blobs) return undefined;
  return {
    files: blobs.children.flatMap(fileInfo),
    next: childText(root, "NextMarker") || undefined,
  };
}

/** Folders stand there as BlobPrefix. */
function fileInfo(blob: XmlElement): readonly FileInfo[] {
  const name = posix.basename(childText(blob, "Name") ?? "");
  if (blob.name !== "Blob" || name === "") return [];
  const properties = blob.children.find((child) => child.name === "Properties");
  const size = childText(properties, "Content-Length") ?? "";
  return [{ name, sizeBytes: /^\d{1,15}$/.test(size) ? Number(size) : undefined }];
}

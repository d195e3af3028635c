import { createHash } from "node:crypto";

import { status } from "../http/fault-server.ts";
import type { Fault } from "../http/fault-server.ts";

/** An error response of Backblaze. */
export function refusal(
  code: number,
  word: string,
  headers: Readonly<Record<string, string>> = {},
): Fault {
  const body = { status: code, code: word, message: "a message" };
  return status(code, { "content-type": "application/json", ...headers }, JSON.stringify(body));
}

/** The id of a file is its name: each file has one version. */
export const idOf = (name: string): string => `4_z${Buffer.from(name).toString("hex")}`;
export const nameOf = (id: string): string => Buffer.from(id.slice(3), "hex").toString();

/** The uploaded content, if its checksum is right. The checksum is in a header or at the end of the body. */
export function uploaded(bytes: Buffer, sha1: string): Buffer | undefined {
  const isBehind = sha1 === "hex_digits_at_end";
  const content = isBehind ? bytes.subarray(0, -40) : bytes;
  const said = isBehind ? bytes.subarray(-40).toString() : sha1;
  return createHash("sha1").update(content).digest("hex") === said ? content : undefined;
}

/** Decodes a name in a URL or header, where a plus sign may be a space. */
export const decodeName = (name: string): string => decodeURIComponent(name.replaceAll("+", " "));

/** A file as in the responses of listings. */
export function fileOf(
  name: string,
  bytes: Uint8Array = new Uint8Array(),
): Record<string, unknown> {
  return {
    fileId: idOf(name),
    fileName: name,
    contentLength: bytes.length,
    // rclone reads the old name.
    size: bytes.length,
    contentSha1: createHash("sha1").update(bytes).digest("hex"),
    contentType: "application/octet-stream",
    fileInfo: {},
    action: "upload",
    uploadTimestamp: 1_700_000_000_000,
  };
}

/** A download, whole or in part. */
export class Download {
  readonly #name: string;
  readonly #bytes: Uint8Array;

  constructor(name: string, bytes: Uint8Array) {
    this.#name = name;
    this.#bytes = bytes;
  }

  get length(): number {
    return this.#bytes.length;
  }

  readonly send: Fault = (request, response) => {
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
    const from = Number(first ?? 0);
    if (first !== undefined && from >= this.#bytes.length)
      return refusal(416, "range_not_satisfiable")(request, response);
    const part = this.#bytes.subarray(from, last ? Number(last) + 1 : undefined);
    response.writeHead(first === undefined ? 200 : 206, {
      "content-type": "application/octet-stream",
      "content-length": part.length,
      "x-bz-file-id": idOf(this.#name),
      "x-bz-file-name": encodeURIComponent(this.#name),
      "x-bz-content-sha1": createHash("sha1").update(this.#bytes).digest("hex"),
      "x-bz-upload-timestamp": 1_700_000_000_000,
    });
    response.end(request.method === "HEAD" ? undefined : part);
  };
}

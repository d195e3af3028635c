import { readdirSync, readFileSync, statSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";

import { FakeS3 } from "../support/backends/fake-s3.ts";
import { FaultServer } from "../support/http/fault-server.ts";
import type { Fault } from "../support/http/fault-server.ts";
import { restFiles } from "../support/repository/rest-files.ts";
import type { RepositoryFiles } from "../support/repository/sealed-repository.ts";
import type { PackedRepository } from "./packed-repository.ts";

const ID_BYTES = 32;
const ROOT = "repository/";
/** Keys of S3 in a page, and packs of a REST server in a piece. */
const PAGE = 1000;
const REST_2 = "application/vnd.x.restic.rest.v2";
const KEYS = { AWS_ACCESS_KEY_ID: "AKIDOFTHEBENCH", AWS_SECRET_ACCESS_KEY: "a/secret+key" };

export interface PackServer {
  /** restic's repository strings. */
  readonly rest: string;
  readonly s3: string;
  /** For `s3`. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Serves a repository of which a folder has all files but packs, as a REST server and as a bucket of S3. It lists packs without having them. */
export async function startPackServer(
  folder: string,
  packs: PackedRepository,
): Promise<PackServer> {
  const files = filesIn(folder);
  const bucket = new FakeS3(Date.now);
  bucket.files = new Map([...files].map(([path, bytes]) => [ROOT + path, bytes]));
  bucket.accounts.set(KEYS.AWS_ACCESS_KEY_ID, { secret: KEYS.AWS_SECRET_ACCESS_KEY });
  const others = restFiles(files, 2, `/${ROOT}`);
  const server = await FaultServer.start();
  const prefixed = prefixesOf(packs);
  const answer: Fault = (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://host");
    const prefix = searchParams.get("prefix") ?? "";
    if (pathname === `/${ROOT}data/`) sendListing(packs, response);
    else if (prefix.startsWith(`${ROOT}data/`)) {
      const from = Number(searchParams.get("continuation-token") ?? 0);
      response.end(pageOf(packs, prefixed(prefix.split("/").at(-1) ?? ""), from));
    } else if (pathname.startsWith("/bucket")) bucket.serve(request, response);
    else others(request, response);
  };
  server.answers(answer);
  return {
    rest: `rest:${server.url}/${ROOT}`,
    s3: `s3:${server.url}/bucket/${ROOT}`,
    environment: KEYS,
    stop: () => server.stop(),
  };
}

function filesIn(folder: string): RepositoryFiles {
  const files: RepositoryFiles = new Map();
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" }))
    if (statSync(join(folder, path)).isFile()) files.set(path, readFileSync(join(folder, path)));
  return files;
}

function idOf({ ids }: PackedRepository, index: number): string {
  return ids.toString("hex", index * ID_BYTES, (index + 1) * ID_BYTES);
}

/** The packs whose ids begin with some digits. */
function prefixesOf(packs: PackedRepository): (prefix: string) => readonly number[] {
  const all = Array.from(packs.sizes, (_, index) => index);
  const known = new Map<string, readonly number[]>();
  return (prefix) => {
    const found = known.get(prefix) ?? all.filter((index) => idOf(packs, index).startsWith(prefix));
    known.set(prefix, found);
    return found;
  };
}

function pageOf(packs: PackedRepository, found: readonly number[], from: number): string {
  const contents = found.slice(from, from + PAGE).map((index) => {
    const id = idOf(packs, index);
    return `<Contents><Key>${ROOT}data/${id.slice(0, 2)}/${id}</Key><LastModified>2026-11-30T07:00:00.000Z</LastModified><ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>${packs.sizes[index]}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
  });
  const isLast = from + PAGE >= found.length;
  const next = isLast ? "" : `<NextContinuationToken>${from + PAGE}</NextContinuationToken>`;
  return `<ListBucketResult><IsTruncated>${!isLast}</IsTruncated>${next}${contents.join("")}</ListBucketResult>`;
}

function sendListing(packs: PackedRepository, response: ServerResponse): void {
  response.writeHead(200, { "content-type": REST_2 });
  response.on("error", () => {});
  let at = 0;
  const send = (): void => {
    while (at < packs.sizes.length) {
      const end = Math.min(at + PAGE, packs.sizes.length);
      let piece = "";
      for (; at < end; at++)
        piece += `${at === 0 ? "[" : ","}{"name":"${idOf(packs, at)}","size":${packs.sizes[at]}}`;
      if (!response.write(piece)) return void response.once("drain", send);
    }
    response.end("]");
  };
  send();
}

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { listIds } from "../../instrumentation/restic/repository/listing.ts";
import { HTTP_PLACES } from "../support/backends/http-places.ts";
import { failureOf } from "../support/core/failure.ts";
import { FaultServer, answer } from "../support/http/fault-server.ts";

const { signal } = new AbortController();
const IDS = ["a", "b", "c", "d"].map((digit) => digit.repeat(64));
const [A = "", B = "", C = "", D = ""] = IDS;

/** A page of a listing as a service writes it. */
interface Lie {
  /** Names of objects in `snapshots/`, or whole names if they have a slash. */
  readonly names?: readonly string[];
  /** The token of the next page as it is in the document; undefined: there is none. */
  readonly next?: string;
  /** The text of the element IsTruncated of S3, `null`: there is none. Default: whether there is a token. */
  readonly truncated?: string | null;
}

const wholeName = (name: string): string => (name.includes("/") ? name : `repo/snapshots/${name}`);

type Write = (lie: Lie) => string;

const STORES: Readonly<Record<string, Write>> = {
  S3: ({ names = [], next, truncated = String(next !== undefined) }) =>
    `<ListBucketResult>${truncated === null ? "" : `<IsTruncated>${truncated}</IsTruncated>`}${
      next === undefined ? "" : `<NextContinuationToken>${next}</NextContinuationToken>`
    }${names.map((name) => `<Contents><Key>${wholeName(name)}</Key><Size>7</Size></Contents>`).join("")}</ListBucketResult>`,
  Azure: ({ names = [], next = "" }) =>
    `<EnumerationResults><Blobs>${names
      .map((name) => `<Blob><Name>${wholeName(name)}</Name></Blob>`)
      .join("")}</Blobs><NextMarker>${next}</NextMarker></EnumerationResults>`,
  Google: ({ names = [], next }) =>
    `{"kind":"storage#objects","items":${JSON.stringify(
      names.map((name) => ({ name: wholeName(name), size: "7" })),
    )}${next === undefined ? "" : `,"nextPageToken":${/^[xy]$/.test(next) ? `"${next}"` : next}`}}`,
};

let server: FaultServer;

beforeEach(async () => {
  server = await FaultServer.start();
});

afterEach(() => server.stop());

/** Lists `snapshots/` at a server with these pages; the last one is sent again and again. */
async function list(name: string, ...pages: readonly (Lie | string)[]): Promise<readonly string[]> {
  const backend = await HTTP_PLACES[name]?.open(server, {});
  const write = STORES[name];
  if (!backend || !write) throw new Error(`no store ${name}`);
  server.answers(...pages.map((page) => answer(typeof page === "string" ? page : write(page))));
  return [...(await listIds(backend, "snapshots", signal))].toSorted();
}

describe.for(Object.keys(STORES))("%s:", (name) => {
  test.for<readonly [string, readonly Lie[]]>([
    ["whose pages overlap", [{ names: [A, B, C], next: "x" }, { names: [B, C, D] }]],
    ["whose names are out of order", [{ names: [D, B], next: "x" }, { names: [C, A] }]],
    ["with names that are there twice", [{ names: [A, A, B, D, C, C] }]],
    [
      "with an empty page in the middle",
      [{ names: [A, B], next: "x" }, { next: "y" }, { names: [C, D] }],
    ],
    ["whose last page is empty", [{ names: IDS, next: "x" }, {}]],
    ["with a folder of the same prefix", [{ names: [...IDS, "repo/snapshots/old/"] }]],
    ["with the object of the folder itself", [{ names: ["repo/snapshots/", ...IDS] }]],
  ])("a listing %s has all names, each once", async ([, pages]) => {
    expect(await list(name, ...pages)).toEqual(IDS);
  });

  test.for<readonly [string, readonly (Lie | string)[]]>([
    [
      "that repeats a token",
      [
        { names: [A], next: "x" },
        { names: [B], next: "x" },
      ],
    ],
    ["of another folder", [{ names: IDS.map((id) => `repo/keys/${id}`) }]],
    ["of another repository", [{ names: IDS.map((id) => `other/snapshots/${id}`) }]],
    [
      "of which one page is of another folder",
      [{ names: [A], next: "x" }, { names: [`repo/locks/${B}`], next: "y" }, { names: [C, D] }],
    ],
    [
      "whose second page is an error document",
      [{ names: [A], next: "x" }, "<Error><Code>InternalError</Code></Error>"],
    ],
    [
      "whose second page is an error in JSON",
      [{ names: [A], next: "x" }, '{"error":{"code":503}}'],
    ],
    [
      "whose second page is cut",
      [{ names: [A], next: "x" }, STORES[name]?.({ names: [B] }).slice(0, -3) ?? ""],
    ],
    ["whose second page is empty", [{ names: [A], next: "x" }, ""]],
  ])("a listing %s fails", async ([, pages]) => {
    expect(await failureOf(list(name, ...pages))).toMatch(/^other: .*repo\/snapshots\//);
  });
});

test.for<readonly [string, Lie]>([
  ["true in capitals", { truncated: "TRUE", next: "x" }],
  ["1", { truncated: "1", next: "x" }],
  ["no text", { truncated: "", next: "x" }],
  ["left out", { truncated: null, next: "x" }],
])("S3: with a token and IsTruncated that is %s the listing goes on", async ([, lie]) => {
  expect(await list("S3", { names: [A, B], ...lie }, { names: [C, D] })).toEqual(IDS);
});

test.for(["true", "TRUE", "1", "yes"])(
  "S3: IsTruncated that is %s, without a token, fails the listing",
  async (truncated) => {
    expect(await failureOf(list("S3", { names: [A], truncated }))).toMatch(
      /^other: .*the listing is incomplete/,
    );
  },
);

test("S3: IsTruncated that is false ends a listing", async () => {
  expect(await list("S3", { names: IDS, truncated: "false", next: "x" })).toEqual(IDS);
  expect(await list("S3", { names: IDS, truncated: null })).toEqual(IDS);
});

test.for(["7", "true", "{}", "[]"])(
  "Google: a token of the next page that is %s fails the listing",
  async (next) => {
    expect(await failureOf(list("Google", { names: [A], next }))).toMatch(
      /^other: .*repo\/snapshots\/ at 127/,
    );
  },
);

test.for(["null", '""'])("Google: a token of the next page that is %s is none", async (next) => {
  expect(await list("Google", { names: IDS, next })).toEqual(IDS);
});

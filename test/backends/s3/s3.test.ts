import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { listIds } from "../../../instrumentation/restic/repository/listing.ts";
import type { ContextOptions } from "../../support/backends/backend-context.ts";
import { backendSuite } from "../../support/backends/backend-suite.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { failureOf } from "../../support/core/failure.ts";
import { FakeS3, s3Refusal } from "../../support/backends/fake-s3.ts";
import { FaultServer, answer, redirect } from "../../support/http/fault-server.ts";
import { openS3At } from "../../support/backends/s3-backend.ts";

const ID = "ab".repeat(32);
const KEYS = { AWS_ACCESS_KEY_ID: "AKIDOFTHETEST", AWS_SECRET_ACCESS_KEY: "a/secret+key" };
const { signal } = new AbortController();

let server: FaultServer;
let clock: FakeClock;
let s3: FakeS3;

beforeEach(async () => {
  server = await FaultServer.start();
  clock = new FakeClock();
  s3 = new FakeS3(() => clock.now());
  s3.accounts.set(KEYS.AWS_ACCESS_KEY_ID, { secret: KEYS.AWS_SECRET_ACCESS_KEY });
  server.answers(s3.serve);
});

afterEach(() => server.stop());

function open(options: ContextOptions = {}, prefix = "repo"): Promise<Backend> {
  return openS3At(`s3:${server.url}/bucket/${prefix}`, { environment: KEYS, clock, ...options });
}

function put(prefix: string, names: readonly string[], content = "c"): void {
  s3.files = new Map(names.map((name) => [prefix + name, Buffer.from(content)]));
}

async function pages(
  backend: Backend,
  type: "snapshots" | "data" = "snapshots",
): Promise<string[][]> {
  const all: string[][] = [];
  let from: string | undefined;
  do {
    const page = await backend.list(type, from, signal);
    all.push([...page.names]);
    from = page.next;
  } while (from !== undefined);
  return all;
}

backendSuite(
  "S3",
  (files) => {
    s3.files = new Map([...files].map(([path, bytes]) => [`repo/${path}`, bytes]));
    return open();
  },
  { credentials: Object.values(KEYS) },
);

backendSuite("a public S3 bucket, with a prefix that begins with a slash", (files) => {
  s3.isPublic = true;
  s3.files = new Map([...files].map(([path, bytes]) => [`/repo/${path}`, bytes]));
  return open({ environment: {}, options: { "s3.unsafe-anonymous-auth": "1" } }, "/repo");
});

const NAMES = Array.from({ length: 2500 }, (_, index) => `${index}`.padStart(64, "0"));

test.for([
  ["ListObjectsV2", {}, true],
  ["ListObjects", { "s3.list-objects-v1": "true" }, true],
  ["ListObjects of a server that encodes nothing", { "s3.list-objects-v1": "true" }, false],
] as const)("2,500 names are listed in three pages by %s", async ([, options, encodes]) => {
  s3.encodes = encodes;
  put(
    "ä +%&/",
    NAMES.map((name) => `snapshots/${name}`),
  );
  const backend = await open({ options }, encodeURIComponent("ä +%&"));
  const listed = await pages(backend);
  expect(listed.map(({ length }) => length)).toEqual([1000, 1000, 500]);
  expect(listed.flat()).toEqual(NAMES);
  expect(s3.asked).toHaveLength(3);
});

test("packs are listed without the names of their folders", async () => {
  put("repo/", [`data/ab/${ID}`, "data/", "data/00/"]);
  s3.pageSize = 2;
  const backend = await open({ options: { "s3.list-objects-v1": "1" } });
  expect((await pages(backend, "data")).flat()).toEqual([ID]);
  expect(await backend.load("data", ID, signal)).toHaveLength(1);
});

test("names beside the folder and folders in it are not listed, even by a server without delimiters", async () => {
  const names = [`keys/${ID}`, `keys/folder/${ID}`, "keys/", "keys-old/x", "keys"];
  put("repo/", names);
  const backend = await open();
  const good = await backend.list("keys", undefined, signal);
  expect(good.names).toEqual([ID]);
  const listing = names.map((name) => `<Contents><Key>repo/${name}</Key></Contents>`).join("");
  server.answers(answer(`<ListBucketResult>${listing}<Contents/></ListBucketResult>`));
  const old = await backend.list("keys", undefined, signal);
  expect(old.names).toEqual([ID]);
});

test("a missing bucket is not an empty listing", async () => {
  s3.bucket = "another";
  const message = `${server.url}/bucket/repo/keys/: the bucket bucket does not exist (404 NoSuchBucket)`;
  await expect(listIds(await open(), "keys", signal)).rejects.toThrow(message);
});

describe("the region", () => {
  test("is detected once, by a rejected request", async () => {
    s3.region = "eu-north-7";
    const backend = await open();
    await backend.list("keys", undefined, signal);
    await backend.list("keys", undefined, signal);
    expect(s3.asked).toHaveLength(3);
  });

  test("is detected once for parallel requests", async () => {
    s3.region = "eu-north-7";
    put("repo/", ["config"]);
    const backend = await open({ connections: 4 });
    await Promise.all(Array.from({ length: 4 }, () => backend.load("config", "", signal)));
    expect(s3.asked.length).toBeLessThanOrEqual(8);
  });

  test("is requested if the error response does not name it", async () => {
    s3.region = "eu-north-7";
    server.answers(s3Refusal(400, "AuthorizationHeaderMalformed"), s3.serve);
    await (await open()).list("keys", undefined, signal);
    expect(s3.asked.map((url) => url.replace(/&.*/, ""))).toEqual([
      "/bucket/?location=",
      "/bucket/?list-type=2",
    ]);
  });

  test.for([
    ["AWS_DEFAULT_REGION", { environment: { ...KEYS, AWS_DEFAULT_REGION: "eu-north-7" } }],
    ["s3.region", { options: { "s3.region": "eu-north-7" } }],
  ] as const)("in %s is used and never corrected", async ([, options]) => {
    s3.region = "eu-north-7";
    const backend = await open(options);
    await backend.list("keys", undefined, signal);
    expect(s3.asked).toHaveLength(1);
    s3.region = "us-west-1";
    expect(await failureOf(backend.list("keys", undefined, signal))).toBe(
      `config: ${server.url}/bucket/repo/keys/: the bucket is in the region us-west-1, not in eu-north-7 (400 AuthorizationHeaderMalformed): set the option s3.region, or AWS_DEFAULT_REGION`,
    );
  });

  test("is read from a redirect, which is not followed", async () => {
    s3.region = "eu-north-7";
    server.answers((request, response) => {
      response.setHeader("x-amz-bucket-region", "eu-north-7");
      redirect("http://elsewhere.example/", 301)(request, response);
    }, s3.serve);
    await (await open()).list("keys", undefined, signal);
    expect(s3.asked).toHaveLength(1);
  });

  test("that is invalid is a failure", async () => {
    server.answers(s3Refusal(400, "AuthorizationHeaderMalformed", "../evil.example/"));
    expect(await failureOf((await open()).list("keys", undefined, signal))).toMatch(
      /^config: .*: the bucket is in another region, not in us-east-1 /,
    );
    expect(server.requests).toHaveLength(2);
  });
});

describe("a clock", () => {
  test.for([-7_200_000, 86_400_000])("that is wrong by %i ms is corrected once", async (ms) => {
    s3.now = () => clock.now() + ms;
    const backend = await open();
    await backend.list("keys", undefined, signal);
    await backend.list("keys", undefined, signal);
    expect(s3.asked).toHaveLength(3);
  });

  test("that differs from a server without a Date header is denied", async () => {
    server.answers((request, response) => {
      response.sendDate = false;
      s3Refusal(403, "RequestTimeTooSkewed")(request, response);
    });
    expect(await failureOf((await open()).list("keys", undefined, signal))).toBe(
      `denied: ${server.url}/bucket/repo/keys/: access denied (403 RequestTimeTooSkewed): the clocks of this machine and of the server differ too much`,
    );
  });

  test("is corrected only once for a server that keeps rejecting", async () => {
    server.answers(s3Refusal(403, "RequestTimeTooSkewed"));
    expect(await failureOf((await open()).list("keys", undefined, signal))).toMatch(/^denied: /);
    expect(server.requests).toHaveLength(2);
  });
});

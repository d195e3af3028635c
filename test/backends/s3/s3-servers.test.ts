import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { FakeS3, s3Refusal } from "../../support/backends/fake-s3.ts";
import { openS3At } from "../../support/backends/s3-backend.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { failureOf } from "../../support/core/failure.ts";
import { FaultServer, answer, redirect, status } from "../../support/http/fault-server.ts";

const ID = "ab".repeat(32);
const KEYS = { AWS_ACCESS_KEY_ID: "AKIDOFTHETEST", AWS_SECRET_ACCESS_KEY: "a/secret+key" };
const { signal } = new AbortController();

let server: FaultServer;
let clock: FakeClock;

beforeEach(async () => {
  server = await FaultServer.start();
  clock = new FakeClock();
});

afterEach(() => server.stop());

function open(options: Readonly<Record<string, string>> = {}, bucket = "bucket"): Promise<Backend> {
  return openS3At(`s3:${server.url}/${bucket}/repo`, { environment: KEYS, clock, options });
}

async function listFailure(options?: Readonly<Record<string, string>>): Promise<string> {
  const failure = await failureOf((await open(options)).list("keys", undefined, signal));
  return failure.replace(server.url, "URL");
}

async function loadFailure(): Promise<string> {
  const failure = await failureOf((await open()).load("config", "", signal));
  return failure.replace(server.url, "URL");
}

const OLD = { "s3.list-objects-v1": "true" };
const HINT = "; if the server only knows ListObjects, set the option s3.list-objects-v1 to true";

test("the colon in a bucket of a tenant of Ceph is sent and signed as %3A", async () => {
  const s3 = new FakeS3(() => clock.now());
  s3.accounts.set(KEYS.AWS_ACCESS_KEY_ID, { secret: KEYS.AWS_SECRET_ACCESS_KEY });
  s3.bucket = "tenant%3Abucket";
  s3.files = new Map([
    [`repo/keys/${ID}`, Buffer.from("k")],
    ["repo/config", Buffer.from("c")],
  ]);
  server.answers(s3.serve);
  const backend = await open({}, "tenant:bucket");
  expect((await backend.list("keys", undefined, signal)).names).toEqual([ID]);
  expect(await backend.load("config", "", signal)).toHaveLength(1);
  expect(s3.asked).toEqual([
    expect.stringMatching(/^\/tenant%3Abucket\/\?list-type=2/),
    "/tenant%3Abucket/repo/config",
  ]);
});

describe("a server that does not know ListObjectsV2", () => {
  const cut = answer(
    `<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>repo/keys/${ID}</Key></Contents></ListBucketResult>`,
  );
  const empty = answer("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>");

  test("and sends a truncated page: the failure names the option", async () => {
    server.answers(cut);
    expect(await listFailure()).toBe(
      `other: URL/bucket/repo/keys/: the listing is incomplete, and the server does not say how to continue it${HINT}`,
    );
  });

  test("is listed with the option", async () => {
    server.answers(cut);
    const page = await (await open(OLD)).list("keys", undefined, signal);
    expect(page).toMatchObject({ names: [ID], next: `repo/keys/${ID}` });
    server.answers(empty);
    expect(await listFailure(OLD)).toBe(
      "other: URL/bucket/repo/keys/: the listing is incomplete, and the server does not say how to continue it",
    );
  });

  test.for([
    [400, "InvalidArgument"],
    [405, "MethodNotAllowed"],
    [501, "NotImplemented"],
  ] as const)("and answers %i %s: the failure lasts and names the option", async ([code, word]) => {
    server.answers(s3Refusal(code, word));
    expect(await listFailure()).toBe(
      `other: URL/bucket/repo/keys/: the server answers ${code} ${word}${HINT}`,
    );
    expect(await listFailure(OLD)).toBe(
      `other: URL/bucket/repo/keys/: the server answers ${code} ${word}`,
    );
    expect(await loadFailure()).toBe(
      `other: URL/bucket/repo/config: the server answers ${code} ${word}`,
    );
  });
});

test.for([
  ["Ceph", "QuotaExceeded", ""],
  [
    "Backblaze",
    "AccessDenied",
    "Cannot download file, download bandwidth or transaction (Class B) cap exceeded. See the Caps &amp; Alerts page to increase your cap.",
  ],
  ["Backblaze", "AccessDenied", "Transaction cap exceeded, see the Caps &amp; Alerts page"],
  ["another", "AccessDenied", "The account has used up its quota"],
] as const)("an exceeded quota or cap of %s (%s) is no missing right", async ([, code, words]) => {
  const body = `<Error><Code>${code}</Code><Message>${words}</Message></Error>`;
  server.answers(status(403, { "content-type": "application/xml" }, body));
  const says = `a quota or cap of the account is exceeded (403 ${code}): raise it at the provider, or wait until it is reset`;
  expect(await listFailure()).toBe(`denied: URL/bucket/repo/keys/: ${says}`);
  expect(await loadFailure()).toBe(`denied: URL/bucket/repo/config: ${says}`);
});

test.for(["Access Denied.", "The capacity and caps of this user are unknown"])(
  "another refusal (%s) is a missing right",
  async (words) => {
    const body = `<Error><Code>AccessDenied</Code><Message>${words}</Message></Error>`;
    server.answers(status(403, {}, body));
    expect(await listFailure()).toMatch(/^denied: .* grant s3:ListBucket/);
  },
);

describe("a clock that a server keeps rejecting", () => {
  const skewed = (time: string): string =>
    `<Error><Code>RequestTimeTooSkewed</Code><ServerTime>${time}</ServerTime></Error>`;

  test("is shown beside that of the server, which counts more than a Date header", async () => {
    server.answers(
      status(403, { date: "Thu, 01 Jan 2026 00:00:01 GMT" }, skewed("2026-01-01T02:00:00Z")),
    );
    expect(await listFailure()).toBe(
      "denied: URL/bucket/repo/keys/: access denied (403 RequestTimeTooSkewed): the clock of this machine shows Thu, 01 Jan 2026 00:00:00 GMT, that of the server Thu, 01 Jan 2026 02:00:00 GMT: set the wrong one",
    );
    const [, second] = server.requests.map(({ headers }) => headers["x-amz-date"]);
    expect(second).toBe("20260101T020000Z");
  });
});

test.for(["SlowDown", "TooManyRequests"])("429 %s keeps Retry-After", async (code) => {
  server.answers(status(429, { "retry-after": "7" }, `<Error><Code>${code}</Code></Error>`));
  await expect((await open()).list("keys", undefined, signal)).rejects.toMatchObject({
    code: "unreachable",
    transient: true,
    retryAfterMs: 7000,
  });
});

test.for([301, 302, 307, 308])(
  "a redirect (%i) of a proxy to https is no other region",
  async (code) => {
    server.answers(redirect("https://s3.example.com/bucket/", code));
    expect(await listFailure()).toBe(
      `config: URL/bucket/repo/keys/: the server redirects to https://s3.example.com (${code}), where the signature is not valid: write the right address into the repository string`,
    );
  },
);

test("http to a port of https is named", async () => {
  server.answers(status(400, {}, "<html>The plain HTTP request was sent to HTTPS port</html>"));
  expect(await listFailure()).toBe(
    "config: URL/bucket/repo/keys/: the server expects HTTPS: write https:// (400)",
  );
});

test("a server that repeats a page of the listing is not listed for ever", async () => {
  server.answers(
    answer(
      "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>a</NextContinuationToken></ListBucketResult>",
    ),
  );
  const backend = await open();
  expect(await backend.list("keys", undefined, signal)).toMatchObject({ next: "a" });
  expect(await failureOf(backend.list("keys", "a", signal))).toBe(
    `other: ${server.url}/bucket/repo/keys/: the server sends the same page of the listing again and again`,
  );
});

test.for([
  ["nothing", "", "application/octet-stream"],
  ["the page of a console", "<!doctype html><title>Console</title>", "text/html"],
  ["a list of buckets", "<ListAllMyBucketsResult/>", "application/xml"],
] as const)("200 with %s is not a listing", async ([, body, type]) => {
  server.answers(answer(body, type));
  expect(await listFailure()).toBe(
    `other: URL/bucket/repo/keys/: the server answers 200 with ${type}, but not as an S3 server does: is a proxy or a login page in front of it?`,
  );
});

test("a byte order mark before the XML is skipped", async () => {
  server.answers(
    answer(
      `\uFEFF<ListBucketResult><Contents><Key>repo/keys/${ID}</Key></Contents></ListBucketResult>`,
    ),
  );
  expect((await (await open()).list("keys", undefined, signal)).names).toEqual([ID]);
});

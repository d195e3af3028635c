import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { openB2At, startB2 } from "../../support/backends/b2-backend.ts";
import { backendSuite } from "../../support/backends/backend-suite.ts";
import { failureOf } from "../../support/core/failure.ts";
import { FakeB2 } from "../../support/backends/fake-b2.ts";
import { FaultServer } from "../../support/http/fault-server.ts";
import type { RepositoryFiles } from "../../support/repository/sealed-repository.ts";

const ID = "ab".repeat(32);
const { signal } = new AbortController();

let server: FaultServer;
let b2: FakeB2;

beforeEach(async () => {
  ({ server, b2 } = await startB2());
});

afterEach(() => server.stop());

function open(repo = "b2:backups:repo"): Promise<Backend> {
  return openB2At(repo, { environment: b2.environment });
}

/** Puts the files of a repository below a prefix, which is empty or ends with a slash. */
function put(prefix: string, files: RepositoryFiles): void {
  b2.files = new Map([...files].map(([path, bytes]) => [prefix + path, bytes]));
}

const login = (): readonly string[] => {
  const { keyId, key } = new FakeB2(() => "");
  return [keyId, key, "token_1", Buffer.from(`${keyId}:${key}`).toString("base64")];
};

backendSuite(
  "B2 with the master key, at the root of a bucket",
  (files) => {
    put("", files);
    return open("b2:backups");
  },
  { credentials: login() },
);

backendSuite(
  "B2 with a key of one bucket and one prefix",
  (files) => {
    b2.may = b2.restricted("a b/ä+%/");
    put("a b/ä+%/", files);
    return open("b2:backups:a b/ä+%");
  },
  { credentials: login() },
);

backendSuite("B2 with responses in the form of v2", (files) => {
  b2.form = "v2";
  b2.may = b2.restricted();
  put("repo/", files);
  return open();
});

backendSuite("B2 with a key of several buckets, which needs v4", (files) => {
  b2.form = "v4";
  b2.may = {
    ...b2.restricted(),
    buckets: [{ id: "another", name: "other-bucket" }, ...(b2.restricted().buckets ?? [])],
  };
  put("repo/", files);
  return open();
});

describe("the requests of a collection:", () => {
  test("token and bucket id once, then one request for each listing and file", async () => {
    put("repo/", new Map([["config", Buffer.from("c")]]));
    const backend = await open();
    expect(b2.asked).toEqual([]);
    await backend.load("config", "", signal);
    await backend.list("snapshots", undefined, signal);
    await backend.list("snapshots", undefined, signal);
    const listing = {
      bucketId: "bucket-id",
      prefix: "repo/snapshots/",
      delimiter: "/",
      maxFileCount: 1000,
    };
    expect(b2.asked).toEqual([
      "b2_authorize_account v3",
      'b2_list_buckets {"accountId":"2e0a5f13b7d4","bucketName":"backups"}',
      "GET /file/backups/repo/config",
      `b2_list_file_names ${JSON.stringify(listing)}`,
      `b2_list_file_names ${JSON.stringify(listing)}`,
    ]);
  });

  test("only a token with a key that is restricted to the bucket", async () => {
    b2.may = b2.restricted();
    await (await open()).list("keys", undefined, signal);
    expect(b2.asked).toEqual([
      "b2_authorize_account v3",
      expect.stringMatching(/^b2_list_file_names /),
    ]);
  });

  test("v4 if v3 is rejected, also for all later calls", async () => {
    b2.form = "v4";
    b2.may = b2.restricted();
    const backend = await open();
    await backend.list("keys", undefined, signal);
    await backend.list("keys", undefined, signal);
    expect(server.requests.map(({ url }) => url)).toEqual([
      "/b2api/v3/b2_authorize_account",
      "/b2api/v4/b2_authorize_account",
      "/b2api/v4/b2_list_file_names",
      "/b2api/v4/b2_list_file_names",
    ]);
  });

  test("names are percent-encoded, tokens are in headers only", async () => {
    put("a b/ä+%?#/", new Map([["config", Buffer.from("c")]]));
    await (await open("b2:backups:a b/ä+%?#")).load("config", "", signal);
    expect(b2.asked.at(-1)).toBe("GET /file/backups/a%20b/%C3%A4%2B%25%3F%23/config");
    expect(server.requests.at(-1)?.headers.authorization).toBe("token_1");
  });
});

test("2,500 names are listed in pages of 1,000", async () => {
  const names = Array.from({ length: 2500 }, (_, index) => `${index}`.padStart(64, "0"));
  put("repo/", new Map(names.map((name) => [`snapshots/${name}`, Buffer.from(name)])));
  const backend = await open();
  const listed: string[] = [];
  const pages: number[] = [];
  let from: string | undefined;
  do {
    const page = await backend.list("snapshots", from, signal);
    expect(page.receivedBytes).toBeGreaterThan(100 * page.names.length);
    listed.push(...page.names);
    pages.push(page.names.length);
    from = page.next;
  } while (from !== undefined);
  expect(pages).toEqual([1000, 1000, 500]);
  expect(listed).toEqual(names);
});

test("a listing contains neither names beside the folder nor folders in it", async () => {
  const content = Buffer.from("c");
  b2.files = new Map(
    [
      `repo/keys/${ID}`,
      "repo/keys/folder/file",
      `repo/keys-old/${ID.replaceAll("a", "c")}`,
      `repo2/keys/${ID.replaceAll("a", "d")}`,
      `keys/${ID.replaceAll("a", "e")}`,
    ].map((name) => [name, content]),
  );
  const { names } = await (await open()).list("keys", undefined, signal);
  expect(names).toEqual([ID]);
});

test("packs are found in their folders", async () => {
  put("repo/", new Map([[`data/ab/${ID}`, Buffer.from("pack")]]));
  const backend = await open();
  expect((await backend.list("data", undefined, signal)).names).toEqual([ID]);
  expect(Buffer.from(await backend.load("data", ID, signal)).toString()).toBe("pack");
});

test("a hidden or deleted file is not found", async () => {
  const failure = await failureOf((await open()).load("keys", ID, signal));
  expect(failure).toBe(
    `not_found: b2:backups:repo/keys/${ID} at 127.0.0.1:${server.port}: not found (404)`,
  );
});

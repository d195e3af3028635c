import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { backendSuite } from "../../support/backends/backend-suite.ts";
import { children } from "../../support/stores/children.ts";
import { FakeSftp, REPO, filesOf } from "../../support/backends/fake-sftp-backend.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { failureOf } from "../../support/core/failure.ts";

const { signal } = new AbortController();

let fake: FakeSftp;

beforeEach(async () => {
  fake = await FakeSftp.start();
});

afterEach(() => fake.close());

backendSuite("SFTP", async (all) => {
  await fake.write(all);
  return fake.open();
});

backendSuite(
  "an SFTP server that answers in any order and in parts",
  async (all) => {
    await fake.write(all);
    return fake.open("out of order", {}, undefined, "sftp://user:pw@host:2222/a/..//repo/");
  },
  { credentials: ["pw"] },
);

test("a large file is read completely, in parts of any size", async () => {
  const big = Buffer.from(Array.from({ length: 1_000_003 }, (_, index) => (index * 31) >> 5));
  await fake.write(new Map([["index/big", big]]));
  for (const fault of ["", "short reads", "out of order"])
    expect(Buffer.from(await fake.open(fault).load("index", "big", signal)).equals(big)).toBe(true);
});

test("a file that became shorter is read to its new end", async () => {
  await fake.write(new Map([["index/big", Buffer.alloc(100_000, 1)]]));
  expect(await fake.open("grown").load("index", "big", signal)).toHaveLength(100_000);
  expect(await fake.open("empty data").load("index", "big", signal)).toHaveLength(0);
});

test("only regular files are listed", async () => {
  await fake.write(filesOf("a", "bb"));
  await mkdir(join(fake.folder, "repo/keys/folder"));
  await symlink("a", join(fake.folder, "repo/keys/link"));
  const { names, receivedBytes } = await fake.open().list("keys", undefined, signal);
  expect([...names].toSorted()).toEqual(["a", "bb"]);
  expect(receivedBytes).toBeGreaterThan(100);
});

test("names are UTF-8", async () => {
  await fake.write(filesOf("käse"));
  const backend = fake.open();
  expect((await backend.list("keys", undefined, signal)).names).toEqual(["käse"]);
  expect(Buffer.from(await backend.load("keys", "käse", signal)).toString()).toBe("käse");
});

test("a missing folder is not found, and named", async () => {
  const backend = fake.open();
  const place = "sftp:user@host:repo";
  expect(await failureOf(backend.list("keys", undefined, signal))).toBe(
    `not_found: ${place}/keys does not exist`,
  );
  expect(await failureOf(backend.load("config", "", signal))).toBe(
    `not_found: ${place}/config does not exist`,
  );
  expect(backend.location).toBe(place);
});

test("a file that is not regular is not read", async () => {
  await mkdir(join(fake.folder, "repo/config"), { recursive: true });
  expect(await failureOf(fake.open().load("config", "", signal))).toBe(
    `corrupt: ${REPO}/config is not a regular file`,
  );
});

describe("a server that", () => {
  beforeEach(() => fake.write(filesOf("a")));

  test.for([
    ["refuses", `denied: ${REPO}/keys: permission denied`],
    ["fails", `other: ${REPO}/keys: the SFTP server answers 4 Bad luck`],
    [
      "babbles",
      `other: ${REPO} does not speak SFTP: "Welcome to this host, dear user"; the login shell must not print anything (.bashrc)`,
    ],
    [
      "version 2",
      `other: ${REPO} does not speak SFTP: "version 3 is not supported"; the login shell must not print anything (.bashrc)`,
    ],
    ["foreign id", `other: ${REPO} does not speak SFTP: "a response without a request"`],
    ["too short", `other: ${REPO} does not speak SFTP: "the packet is too short"`],
    ["too long", /^other: sftp:user@host:repo does not speak SFTP: ".*"$/],
    ["another type", `other: ${REPO} does not speak SFTP: "an unexpected packet of type 104"`],
    ["endless", `other: ${REPO}/keys has more than 2000000 files`],
  ] as const)("sends the fault %s fails", async ([fault, failure]) => {
    expect(await failureOf(fake.open(fault).list("keys", undefined, signal))).toEqual(
      typeof failure === "string" ? failure : expect.stringMatching(failure),
    );
  });

  test("reports no size cannot be read", async () => {
    expect(await failureOf(fake.open("no attributes").load("keys", "a", signal))).toBe(
      `other: ${REPO}/keys/a: the server does not report the size`,
    );
    // With `.` and `..`: the server does not report their type.
    const { names } = await fake.open("no attributes").list("keys", undefined, signal);
    expect(names).toContain("a");
  });

  test("dies during a call fails temporarily, and the next call starts another one", async () => {
    const backend = fake.open("dies");
    expect(await failureOf(backend.load("keys", "a", signal))).toMatch(
      /^transient unreachable: sftp:user@host:repo: the connection ended: \S+ exited with 1$/,
    );
    expect(await failureOf(backend.load("keys", "b", signal))).toMatch(/^not_found: /);
  });

  test("sends nothing for requestTimeout times out, and its program is killed", async () => {
    const clock = new FakeClock();
    const backend = fake.open("silent", {}, clock);
    const failure = failureOf(backend.load("keys", "a", signal));
    await fake.logged("OPEN");
    await clock.advance(59_999);
    expect(await fake.starts()).toBe(1);
    expect(await children()).toHaveLength(1);
    await clock.advance(1);
    expect(await failure).toBe(`timeout: ${REPO}: the server sent nothing for 60 s`);
    while ((await children()).length > 0) await new Promise((resolve) => setImmediate(resolve));
    await backend.close?.();
    expect(clock.sleeping).toBe(0);
  });
});

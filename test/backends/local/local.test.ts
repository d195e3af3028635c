import { execFile } from "node:child_process";
import { chmod, mkdir, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { MAX_SIZE_BYTES } from "../../../instrumentation/backends/backend.ts";
import type {
  Backend,
  FileType,
  ListOptions,
  Page,
} from "../../../instrumentation/backends/backend.ts";
import { openLocal } from "../../../instrumentation/backends/local/local.ts";
import { backendSuite } from "../../support/backends/backend-suite.ts";
import { FakeClock, settle } from "../../support/core/clock.ts";
import { failureOf } from "../../support/core/failure.ts";
import { repositoryFolder } from "../../support/repository/repository-folder.ts";
import type { RepositoryFiles } from "../../support/repository/sealed-repository.ts";

const { signal } = new AbortController();
const ID = "a".repeat(64);

let clock: FakeClock;
let path: string;
let folders: string[] = [];

beforeEach(() => {
  clock = new FakeClock();
});

afterEach(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
  folders = [];
});

async function open(files: RepositoryFiles = new Map()): Promise<Backend> {
  path = await repositoryFolder(files);
  folders.push(path);
  return openLocal({ scheme: "local", path }, { clock, maxSizeBytes: MAX_SIZE_BYTES });
}

backendSuite("a local directory", open);

const list = (backend: Backend, type: FileType): Promise<Page> =>
  backend.list(type, undefined, signal);

test("a prefix and sizes can be asked for alone and together", async () => {
  const backend = await open(
    new Map(["ab1", "ab2", "cd"].map((name) => [`locks/${name}`, Buffer.from(name)])),
  );
  const listed = async (options: ListOptions): Promise<readonly unknown[]> => {
    const { names, sizes } = await backend.list("locks", undefined, signal, options);
    const found = names.map((name, index) => [name, sizes?.[index]] as const);
    return found.toSorted(([a], [b]) => (a < b ? -1 : 1));
  };
  expect(await listed({})).toEqual(["ab1", "ab2", "cd"].map((name) => [name, undefined]));
  expect(await listed({ prefix: "ab" })).toEqual(["ab1", "ab2"].map((name) => [name, undefined]));
  expect(await listed({ prefix: "c", sizes: true })).toEqual([["cd", 2]]);
});

describe("a repository", () => {
  test("that does not exist is not found", async () => {
    const backend = openLocal(
      { scheme: "local", path: "/nowhere/at all" },
      { clock, maxSizeBytes: MAX_SIZE_BYTES },
    );
    expect(await failureOf(backend.load("config", "", signal))).toBe(
      "not_found: reading /nowhere/at all/config: no such file or directory",
    );
    expect(await failureOf(list(backend, "keys"))).toBe(
      "not_found: reading the directory /nowhere/at all/keys: no such file or directory",
    );
  });

  test("that is a file is not found", async () => {
    await open();
    const file = join(path, "file");
    await writeFile(file, "");
    const backend = openLocal(
      { scheme: "local", path: file },
      { clock, maxSizeBytes: MAX_SIZE_BYTES },
    );
    expect(await failureOf(backend.load("config", "", signal))).toMatch(/^not_found: /);
    expect(await failureOf(list(backend, "keys"))).toMatch(/^not_found: /);
  });

  test("without one of its folders is not found, unlike one with an empty folder", async () => {
    const backend = await open();
    await rm(join(path, "snapshots"), { recursive: true });
    expect(await failureOf(list(backend, "snapshots"))).toBe(
      `not_found: reading the directory ${path}/snapshots: no such file or directory`,
    );
  });
});

describe("instead of a file", () => {
  let backend: Backend;
  let file: string;
  const failure = (): Promise<string> => failureOf(backend.load("snapshots", ID, signal));

  beforeEach(async () => {
    backend = await open();
    file = join(path, "snapshots", ID);
  });

  test("a directory is neither listed nor read", async () => {
    await mkdir(file);
    const other = ID.replaceAll("a", "b");
    await writeFile(join(path, "snapshots", other), "");
    expect([...(await list(backend, "snapshots")).names]).toEqual([other]);
    expect(await failure()).toBe(`corrupt: ${file} is not a regular file`);
  });

  test("a pipe without a writer does not block", async () => {
    await promisify(execFile)("mkfifo", [file]);
    expect(await failure()).toBe(`corrupt: ${file} is not a regular file`);
  });

  test("an endless device is not read", async () => {
    await symlink("/dev/zero", file);
    expect(await failure()).toBe(`corrupt: ${file} is not a regular file`);
  });

  test("a file of 1 GiB is not read", async () => {
    await writeFile(file, "");
    await truncate(file, 2 ** 30);
    const before = process.memoryUsage().arrayBuffers;
    expect(await failure()).toBe(
      `corrupt: ${file} has 1073741824 bytes, more than the allowed 8388608`,
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });

  test("a link to a file is followed", async () => {
    const target = join(path, "elsewhere");
    await writeFile(target, "content");
    await symlink(target, file);
    expect([...(await list(backend, "snapshots")).names]).toEqual([ID]);
    expect(Buffer.from(await backend.load("snapshots", ID, signal)).toString()).toBe("content");
  });

  test("a broken link is not found", async () => {
    await symlink("nowhere", file);
    expect(await failure()).toBe(`not_found: reading ${file}: no such file or directory`);
  });

  test("a link to itself is a failure", async () => {
    await symlink(ID, file);
    expect(await failure()).toBe(`other: reading ${file}: ELOOP`);
  });
});

test("the repository may be a link to a directory", async () => {
  await open(new Map([["config", Buffer.from("c")]]));
  const link = join(path, "link");
  await symlink(path, link);
  const backend = openLocal(
    { scheme: "local", path: link },
    { clock, maxSizeBytes: MAX_SIZE_BYTES },
  );
  expect(backend.location).toBe(link);
  expect(await backend.load("config", "", signal)).toHaveLength(1);
});

describe("missing permissions", () => {
  test("deny a file and a folder", async () => {
    const backend = await open(new Map([["config", Buffer.from("c")]]));
    const [file, folder] = await asNobody(() =>
      Promise.all([
        failureOf(backend.load("config", "", signal)),
        failureOf(list(backend, "keys")),
      ]),
    );
    expect(file).toBe(`denied: reading ${path}/config: permission denied`);
    expect(folder).toBe(`denied: reading the directory ${path}/keys: permission denied`);
  });
});

describe("a hanging mount", () => {
  const TOO_LONG_MS = 30_000;

  /** The read is pending when the clock advances: it takes more than one turn of the event loop. */
  async function hanging(backend: Backend): Promise<string> {
    const failure = failureOf(backend.load("config", "", signal));
    await clock.advance(TOO_LONG_MS);
    return failure;
  }

  test("times out after 30 s, and gets no other call until it returns", async () => {
    const backend = await open(new Map([["config", Buffer.alloc(60_000)]]));
    const reading = `reading ${path}/config`;
    expect(await hanging(backend)).toBe(`timeout: ${reading} takes longer than 30 s`);
    const refused = `timeout: ${reading} hangs; not reading anything else until it returns`;
    expect(await failureOf(list(backend, "keys"))).toBe(refused);
    let outcome: unknown = refused;
    while (outcome === refused) {
      await settle();
      outcome = await list(backend, "keys").catch((error: unknown) =>
        failureOf(Promise.reject(error)),
      );
    }
    expect(outcome).toMatchObject({ names: { length: 0 } });
    expect(clock.sleeping).toBe(0);
  });

  test("does not affect other repositories", async () => {
    const slow = await open(new Map([["config", Buffer.alloc(60_000)]]));
    const other = await open(new Map([["config", Buffer.from("good")]]));
    const failure = failureOf(slow.load("config", "", signal));
    await clock.advance(TOO_LONG_MS);
    expect(await failure).toMatch(/^timeout: /);
    expect(await other.load("config", "", signal)).toHaveLength(4);
  });
});

/** Runs as an unprivileged user: root may read everything. */
async function asNobody<T>(run: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() === 0) {
    process.seteuid?.(65534);
    return run().finally(() => process.seteuid?.(0));
  }
  await chmod(path, 0);
  try {
    return await run();
  } finally {
    await chmod(path, 0o700);
  }
}

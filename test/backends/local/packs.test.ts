import { createHook } from "node:async_hooks";
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { MAX_SIZE_BYTES } from "../../../instrumentation/backends/backend.ts";
import type { Backend, ListOptions } from "../../../instrumentation/backends/backend.ts";
import { openLocal } from "../../../instrumentation/backends/local/local.ts";
import { listAll } from "../../support/backends/listing-suite.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { failureOf } from "../../support/core/failure.ts";
import { repositoryFolder } from "../../support/repository/repository-folder.ts";

const { signal } = new AbortController();
const A = "a".repeat(64);
const B = `0b${"0".repeat(62)}`;

let path: string;
let backend: Backend;

beforeEach(async () => {
  const files = new Map(
    [A, B].map((name) => [`data/${name.slice(0, 2)}/${name}`, Buffer.alloc(3)]),
  );
  path = await repositoryFolder(files);
  backend = openLocal(
    { scheme: "local", path },
    {
      clock: new FakeClock(),
      maxSizeBytes: MAX_SIZE_BYTES,
    },
  );
});

afterEach(() => rm(path, { recursive: true }));

const list = (options: ListOptions = { sizes: true }) => listAll(backend, "data", options);

test("a page has the packs whose first digit is the same", async () => {
  const pages: (readonly string[])[] = [];
  for (let from: string | undefined, index = 0; index === 0 || from !== undefined; index++) {
    const page = await backend.list("data", from, signal);
    pages.push(page.names);
    from = page.next;
  }
  expect(pages).toHaveLength(16);
  expect(pages[0]).toEqual([B]);
  expect(pages[10]).toEqual([A]);
});

test("files in data itself and in other folders are no packs", async () => {
  await writeFile(join(path, "data", B), "");
  for (const folder of ["tmp", "AA", "aaa", "a", "ab/cd"]) {
    await mkdir(join(path, "data", folder), { recursive: true });
    await writeFile(join(path, "data", folder, A), "");
  }
  await writeFile(join(path, "data", "ff"), "");
  expect(await list()).toEqual({ names: [B, A], sizes: [3, 3] });
});

test("links to packs and to folders of packs are followed", async () => {
  const other = `cc${"0".repeat(62)}`;
  await mkdir(join(path, "elsewhere"));
  await writeFile(join(path, "elsewhere", other), "12345");
  await symlink(join(path, "elsewhere"), join(path, "data", "cc"));
  await rename(join(path, "data", "aa", A), join(path, "pack"));
  await symlink(join(path, "pack"), join(path, "data", "aa", A));
  expect(await list()).toEqual({ names: [B, A, other], sizes: [3, 3, 5] });
});

test("with sizes, a link that leads nowhere and a folder with the name of a pack are not listed", async () => {
  await rm(join(path, "data", "aa", A));
  await symlink("nowhere", join(path, "data", "aa", A));
  await mkdir(join(path, "data", "0b", `0b${"1".repeat(62)}`));
  expect((await list()).names).toEqual([B]);
});

test("a missing folder `data` is not an empty one, nor is a folder of packs that has just gone", async () => {
  await symlink("nowhere", join(path, "data", "dd"));
  expect(await failureOf(list())).toBe(
    `transient other: reading the directory ${path}/data/dd: no such file or directory, though it was listed`,
  );
  await rename(join(path, "data"), join(path, "gone"));
  expect(await failureOf(list())).toMatch(/^not_found: /);
});

test("with a prefix no other folder is read", async () => {
  await symlink("nowhere", join(path, "data", "dd"));
  expect(await list({ prefix: "aa" })).toEqual({ names: [A] });
  expect(await list({ prefix: "0" })).toEqual({ names: [B] });
  expect(await failureOf(list({ prefix: "d" }))).toMatch(/^transient other: /);
});

test("sizes are read only if they are asked for, and only those of the names with the prefix", async () => {
  const names = Array.from({ length: 50 }, (_, index) => `aa${`${index}`.padStart(62, "0")}`);
  for (const name of names) await writeFile(join(path, "data", "aa", name), "");
  const operations = async (options: ListOptions): Promise<number> => {
    let count = 0;
    const hook = createHook({
      init(_id, type) {
        if (type.startsWith("FSREQ")) count += 1;
      },
    });
    hook.enable();
    await backend.list("data", undefined, signal, options);
    hook.disable();
    return count;
  };
  const plain = await operations({ prefix: "aa" });
  expect((await operations({ prefix: "aa", sizes: true })) - plain).toBe(51);
  expect((await operations({ prefix: names[7], sizes: true })) - plain).toBe(1);
});

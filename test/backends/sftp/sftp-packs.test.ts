import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { FakeSftp } from "../../support/backends/fake-sftp-backend.ts";
import { listAll } from "../../support/backends/listing-suite.ts";

const A = "a".repeat(64);
const B = `0b${"0".repeat(62)}`;

let fake: FakeSftp;

beforeEach(async () => {
  fake = await FakeSftp.start();
  const packs = [A, B].map(
    (name) => [`data/${name.slice(0, 2)}/${name}`, Buffer.alloc(3)] as const,
  );
  await fake.write(new Map(packs));
});

afterEach(() => fake.close());

test("a prefix of two digits opens two folders, a whole listing data for each first digit and each folder", async () => {
  const backend = fake.open();
  const opened = async (): Promise<number> =>
    (await fake.logged("OPENDIR")).filter((line) => line === "OPENDIR").length;
  expect((await listAll(backend, "data", { prefix: "aa" })).names).toEqual([A]);
  expect(await opened()).toBe(2);
  expect((await listAll(backend, "data")).names).toEqual([B, A]);
  expect(await opened()).toBe(2 + 16 + 2);
});

test("files in data itself and in other folders are no packs", async () => {
  const data = join(fake.folder, "repo", "data");
  await writeFile(join(data, B), "");
  await mkdir(join(data, "tmp"));
  await writeFile(join(data, "tmp", A), "");
  await mkdir(join(data, "aa", `aa${"1".repeat(62)}`));
  const listed = await listAll(fake.open(), "data", { sizes: true });
  expect(listed).toEqual({ names: [B, A], sizes: [3, 3] });
});

test("links to folders of packs are followed", async () => {
  const data = join(fake.folder, "repo", "data");
  const name = `cc${"0".repeat(62)}`;
  await mkdir(join(fake.folder, "elsewhere"));
  await writeFile(join(fake.folder, "elsewhere", name), "12345");
  await symlink(join(fake.folder, "elsewhere"), join(data, "cc"));
  const listed = await listAll(fake.open(), "data", { sizes: true });
  expect(listed).toEqual({ names: [B, A, name], sizes: [3, 3, 5] });
});

test("without attributes, sizes are not known", async () => {
  const listed = await listAll(fake.open("no attributes"), "data", { sizes: true });
  expect(listed.names).toEqual([B, A]);
  expect(listed.sizes).toBeUndefined();
});

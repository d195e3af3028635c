import { expect, test } from "vitest";

import { FINE, InventoryScene, sceneOfTwo } from "../../support/inventory/inventory-scene.ts";

const gets = (made: InventoryScene): number =>
  made.calls.filter((call) => call === "GET index").length;

test("maxIndexBytes divides the first inventory; until all are read, only missing and damaged packs are counted", async () => {
  const made = new InventoryScene();
  const backups = Array.from({ length: 6 }, () => made.backup());
  const sizes = backups.map(({ index }) => made.sealed.files.get(`index/${index}`)?.length ?? 0);
  const maxIndexBytes = sizes.slice(0, 2).reduce((sum, size) => sum + size, 0);
  for (const { data } of backups) made.packs.delete(data.id);
  let read = 0;
  for (let round = 0; round < 2; round++) {
    const { counts } = await made.take({ maxIndexBytes });
    // Two files of the usual size, or one more if they are short.
    expect([2, 3]).toContain(gets(made));
    read += gets(made);
    if (read === 6) break;
    expect(counts).toMatchObject({ missingPacks: read, unreadIndexFiles: 6 - read });
    for (const name of ["indexedBytes", "orphanPacks", "unrestorableSnapshots", "dataBlobs"])
      expect(counts).not.toHaveProperty(name);
  }
  const { counts } = await made.take();
  expect(gets(made)).toBe(6 - read);
  expect(counts).toMatchObject({
    missingPacks: 6,
    unreadIndexFiles: 0,
    unrestorableSnapshots: 0,
    dataBlobs: 18,
  });
});

test("slices list a part of the packs each, and the counts of the others stay", async () => {
  const made = new InventoryScene();
  const packs = ["0", "5", "a", "f"].map((folder) => made.pack(2, "data", folder));
  made.store(...packs);
  made.index(packs);
  made.packs.delete(packs[1]?.id ?? "");
  const limits = { slices: 4 };
  const missing = [];
  for (let round = 0; round < 5; round++) {
    const { counts } = await made.take(limits);
    const listed = made.calls.filter((call) => call.startsWith("LIST data"));
    const slice = [0, 1, 2, 3].map(
      (digit) => `LIST data ${(4 * (round % 4) + digit).toString(16)}`,
    );
    expect(listed.slice(0, 4)).toEqual(slice);
    missing.push(counts.missingPacks);
    expect(counts.packs).toBe(round < 3 ? undefined : 3);
  }
  expect(missing).toEqual([0, 1, 1, 1, 1]);
});

test("a slice that is no whole number of digits lists folder by folder", async () => {
  const made = sceneOfTwo();
  await made.take({ slices: 128 });
  expect(made.calls.filter((call) => call.startsWith("LIST data"))).toEqual([
    "LIST data 00",
    "LIST data 01",
  ]);
});

test("a backend without prefixes lists all packs at once", async () => {
  const made = sceneOfTwo();
  made.slices = false;
  const { counts } = await made.take({ slices: 16 });
  expect(made.calls.filter((call) => call.startsWith("LIST data"))).toEqual(["LIST data"]);
  expect(counts).toMatchObject({ ...FINE, packs: 4 });
});

test("an orphan of another slice stays until its slice is listed again", async () => {
  const made = new InventoryScene();
  const orphan = made.pack(1, "data", "0");
  made.store(orphan);
  const orphans = [];
  for (let round = 0; round < 5; round++) {
    await made.clock.advance(3_600_000);
    if (round === 3) made.packs.delete(orphan.id);
    orphans.push((await made.take({ slices: 2 })).counts.orphanPacks);
  }
  expect(orphans).toEqual([0, 0, 1, 1, 0]);
});

test("above exactBlobs blobs are counted with their duplicates", async () => {
  const made = sceneOfTwo();
  const { data } = made.backup();
  const again = { ...made.pack(1), blobs: data.blobs };
  made.store(again);
  made.index([again]);
  const { counts } = await made.take({ exactBlobs: 10 });
  expect(counts).toMatchObject({ ...FINE, dataBlobs: 12, treeBlobs: 6 });
  expect(counts).not.toHaveProperty("duplicateBytes");
  expect(counts).not.toHaveProperty("uncompressedBytes");
  for await (const { data: rows } of made.kept.records()) expect(rows).toBeUndefined();
  // With a higher bound the index is read again.
  const exact = await made.take({ exactBlobs: 1000 });
  expect(exact.counts).toMatchObject({ dataBlobs: 9, duplicateBytes: 303 });
});

test("a listing with many pages and packs is compared pack by pack", async () => {
  const made = new InventoryScene();
  const packs = Array.from({ length: 5000 }, () => made.pack(1));
  made.store(...packs);
  made.index(packs);
  made.packs.delete(packs[1234]?.id ?? "");
  const { counts, missing } = await made.take();
  expect(made.calls.filter((call) => call === "LIST data")).toHaveLength(5);
  expect(counts).toMatchObject({ packs: 4999, missingPacks: 1, dataBlobs: 5000 });
  expect(missing).toEqual([packs[1234]?.id]);
});

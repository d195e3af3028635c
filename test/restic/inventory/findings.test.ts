import { expect, test } from "vitest";

import { FINE, InventoryScene, sceneOfTwo } from "../../support/inventory/inventory-scene.ts";

test("a sound repository has sums and nothing bad; a second inventory reads no index file", async () => {
  const made = sceneOfTwo();
  const { counts } = await made.take();
  expect(made.calls).toEqual(["LIST index", "GET index", "GET index", "LIST data", "LIST index"]);
  expect(counts).toEqual({
    ...FINE,
    packs: 4,
    storedBytes: [...made.packs.values()].reduce((sum, size) => sum + size, 0),
    indexedBytes: 2 * (100 + 101 + 102 + 100 + 101),
    duplicateBytes: 0,
    uncompressedBytes: 2 * (300 + 301 + 302 + 300 + 301),
    dataBlobs: 6,
    treeBlobs: 4,
    indexFiles: 2,
    logicalBytes: 1500,
  });
  expect((await made.take()).counts).toEqual(counts);
  expect(made.calls).toEqual(["LIST index", "LIST data", "LIST index"]);
});

test("a missing pack counts after a second look, which lists its folder alone", async () => {
  const made = sceneOfTwo();
  const { data } = made.backup();
  made.packs.delete(data.id);
  const { counts, missing } = await made.take();
  expect(counts).toMatchObject({
    ...FINE,
    missingPacks: 1,
    missingBytes: InventoryScene.sizeOf(data),
  });
  expect(missing).toEqual([data.id]);
  expect(made.calls.slice(-3)).toEqual([
    `LIST data ${data.id.slice(0, 2)}`,
    "LIST index",
    "GET config",
  ]);
});

test("a pack that the second look sees is not missing", async () => {
  const made = sceneOfTwo();
  const { data } = made.backup();
  made.packs.delete(data.id);
  made.onCall = (call) => {
    if (call.startsWith("LIST data ")) made.store(data);
  };
  expect((await made.take()).counts).toMatchObject(FINE);
});

test.for([
  ["short", -1],
  ["long", 1],
] as const)("a pack that is too %s is damaged", async ([, by]) => {
  const made = sceneOfTwo();
  const { data } = made.backup();
  made.packs.set(data.id, InventoryScene.sizeOf(data) + by);
  const { counts, damaged } = await made.take();
  expect(counts).toMatchObject({ ...FINE, damagedPacks: 1 });
  expect(damaged).toEqual([data.id]);
});

test("packs whose index file a prune removes during an inventory are neither missing nor damaged", async () => {
  const made = sceneOfTwo();
  const { data, trees, index } = made.backup();
  made.onCall = (call) => {
    if (call !== "LIST data") return;
    made.remove("index", index);
    made.packs.delete(data.id);
    made.packs.set(trees.id, 1);
  };
  const { counts } = await made.take();
  expect(counts).toMatchObject({ missingPacks: 0, damagedPacks: 0 });
});

test("packs whose index file a prune removes before the second look are not missing", async () => {
  const made = sceneOfTwo();
  const { data, index } = made.backup();
  made.packs.delete(data.id);
  made.onCall = (call) => {
    if (call.startsWith("LIST data ")) made.remove("index", index);
  };
  expect((await made.take()).counts).toMatchObject({ missingPacks: 0 });
});

test("an index file that appears during an inventory is read for orphans, but its packs cannot be missing", async () => {
  const made = sceneOfTwo();
  made.onCall = (call) => {
    if (call !== "LIST data") return;
    made.onCall = () => {};
    const late = made.pack();
    made.index([late]);
  };
  const { counts } = await made.take();
  expect(made.calls.filter((call) => call === "GET index")).toHaveLength(3);
  expect(counts).toMatchObject({ ...FINE, indexFiles: 3 });
});

test("an orphan counts when it is seen an hour later, and no lock is there", async () => {
  const made = sceneOfTwo();
  const orphan = made.pack();
  made.store(orphan);
  expect((await made.take()).counts).toMatchObject(FINE);
  expect(made.calls).not.toContain("LIST locks");
  expect((await made.takeAfter(0.9)).counts).toMatchObject(FINE);
  made.sealed.addSealed("locks", Buffer.from("{}"));
  expect((await made.takeAfter(1)).counts).toMatchObject(FINE);
  expect(made.calls).toContain("LIST locks");
  for (const path of made.sealed.files.keys())
    if (path.startsWith("locks/")) made.sealed.files.delete(path);
  const { counts, orphans } = await made.takeAfter(1);
  expect(counts).toMatchObject({
    ...FINE,
    orphanPacks: 1,
    orphanBytes: InventoryScene.sizeOf(orphan),
  });
  expect(orphans).toEqual([orphan.id]);
  made.index([orphan]);
  expect((await made.take()).counts).toMatchObject(FINE);
});

test("packs that rustic marks for deletion are no orphans", async () => {
  const made = sceneOfTwo();
  const [old, data] = [made.pack(), made.pack()];
  made.store(old, data);
  made.index([data], { packs_to_delete: [{ ...old, time: "2026-01-01T00:00:00Z" }] });
  await made.take();
  expect((await made.takeAfter(2)).counts).toMatchObject({ ...FINE, dataBlobs: 8 });
});

test("packs that were indexed and no longer are, are lost", async () => {
  const made = sceneOfTwo();
  const [first, second] = [made.pack(), made.pack()];
  made.store(first, second);
  const index = made.index([first, second]);
  await made.take();
  made.remove("index", index);
  expect((await made.takeAfter(1)).counts).toMatchObject(FINE);
  const { counts, lost } = await made.takeAfter(1);
  expect(counts).toMatchObject({ ...FINE, lostPacks: 2 });
  expect(new Set(lost)).toEqual(new Set([first.id, second.id]));
});

test("a snapshot whose root tree is in no index file cannot be restored", async () => {
  const made = sceneOfTwo();
  const { index, snapshot } = made.backup();
  await made.take();
  made.remove("index", index);
  const { counts, unrestorable } = await made.takeAfter(1);
  expect(counts).toMatchObject({ ...FINE, unrestorableSnapshots: 1 });
  expect(unrestorable).toEqual([snapshot]);
  // Both remaining index files were read again.
  expect(made.calls.filter((call) => call === "GET index")).toHaveLength(2);
  await made.take();
  expect(made.calls.filter((call) => call === "GET index")).toHaveLength(0);
});

test("a snapshot that was forgotten since the collection is not called unrestorable", async () => {
  const made = sceneOfTwo();
  const { index, snapshot } = made.backup();
  made.remove("index", index);
  made.remove("snapshots", snapshot);
  expect((await made.take()).counts).toMatchObject({ unrestorableSnapshots: 0 });
});

test("a root tree may be in the index file of a snapshot that was forgotten since", async () => {
  const made = sceneOfTwo();
  const { trees, snapshot } = made.backup();
  made.snapshot(trees, { hostname: "second" });
  await made.take();
  made.remove("snapshots", snapshot);
  made.snapshots.delete(snapshot);
  expect((await made.take()).counts).toMatchObject(FINE);
});

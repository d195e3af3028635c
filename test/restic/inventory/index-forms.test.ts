import { expect, test } from "vitest";

import { newMaterial, seal } from "../../support/repository/sealed-repository.ts";
import {
  FINE,
  InventoryScene,
  randomId,
  sceneOfTwo,
} from "../../support/inventory/inventory-scene.ts";

test("a pack of which two index files have a part each, as restic 0.9 wrote them, is sound", async () => {
  const made = sceneOfTwo();
  const pack = made.pack(4);
  made.store(pack);
  made.index([{ ...pack, blobs: pack.blobs.slice(0, 2) }]);
  made.index([{ ...pack, blobs: pack.blobs.slice(2) }]);
  expect((await made.take()).counts).toMatchObject({ ...FINE, dataBlobs: 10 });
});

test("a pack in two index files counts once; a blob in two packs is a duplicate", async () => {
  const made = sceneOfTwo();
  const { data } = made.backup();
  made.index([data]);
  const again = { ...made.pack(1), blobs: data.blobs.slice(0, 1) };
  made.store(again);
  made.index([again]);
  expect((await made.take()).counts).toMatchObject({
    ...FINE,
    dataBlobs: 9,
    duplicateBytes: 100,
  });
});

test("the bare array of restic 0.1 is read, and supersedes hides nothing", async () => {
  const made = new InventoryScene();
  const [first, second] = [made.pack(), made.pack()];
  made.store(first, second);
  const old = made.indexOf([first]);
  made.index([second], { supersedes: [old] });
  expect((await made.take()).counts).toMatchObject({ ...FINE, dataBlobs: 4, packs: 2 });
});

const foreign = (): Buffer => seal(Buffer.from('{"packs":[]}'), newMaterial());

test("packs whose JSON is parsed in parts have all of their blobs, wherever their id is", async () => {
  const made = sceneOfTwo();
  const [large, turned, gone] = [made.pack(2500), made.pack(3000, "tree"), made.pack(2500)];
  made.store(large, turned, gone);
  made.index([large, { blobs: turned.blobs, id: turned.id }, made.backup().data], {
    packs_to_delete: [gone],
  });
  const { counts } = await made.take();
  expect(counts).toMatchObject({
    ...FINE,
    packs: 9,
    dataBlobs: 6 + 3 + 2500,
    treeBlobs: 4 + 2 + 3000,
  });
});

test.for([
  ["cut", (bytes: Buffer) => bytes.subarray(0, 50), "does not match its name", 2],
  ["of another key", foreign, "is sealed with another key", 1],
] as const)(
  "an index file that is %s is unreadable, and nothing is said of orphans and sums",
  async ([, damage, reason, gets]) => {
    const made = sceneOfTwo();
    const { index } = made.backup();
    const path = `index/${index}`;
    const bytes = damage(Buffer.from(made.sealed.files.get(path) ?? []));
    if (reason.includes("key")) {
      made.remove("index", index);
      made.sealed.addFile("index", bytes);
    } else made.sealed.files.set(path, bytes);
    const { counts, unreadable } = await made.take();
    expect(counts).toMatchObject({ unreadableIndexFiles: 1, unreadIndexFiles: 0, missingPacks: 0 });
    expect(counts).not.toHaveProperty("indexedBytes");
    expect(counts).not.toHaveProperty("orphanPacks");
    expect(counts).not.toHaveProperty("unrestorableSnapshots");
    expect(unreadable[0]?.[1]).toContain(reason);
    expect(made.calls.filter((call) => call === "GET index")).toHaveLength(2 + gets);
  },
);

test("a repository that is gone during an inventory fails it", async () => {
  const made = sceneOfTwo();
  made.onCall = (call) => {
    if (call !== "LIST data") return;
    made.packs.clear();
    made.sealed.files.delete("config");
  };
  await expect(made.take()).rejects.toMatchObject({ code: "not_found" });
});

test("a server that lists no sizes is refused", async () => {
  const made = sceneOfTwo();
  const backend = made.backend();
  made.backend = () => ({
    ...backend,
    list: async (...parameters) => ({ ...(await backend.list(...parameters)), sizes: undefined }),
  });
  await expect(made.take()).rejects.toMatchObject({ code: "config" });
});

test("only a repository without copies has an estimate of what prune frees", async () => {
  const made = new InventoryScene();
  const summary = {
    backup_start: "2026-01-01T00:00:00Z",
    backup_end: "2026-01-01T00:01:00Z",
    data_added_packed: 400,
  };
  const { snapshot, trees } = made.backup({ summary });
  expect((await made.take()).counts).toMatchObject({ prunableBytes: 104 });
  // A tag replaces the snapshot.
  made.remove("snapshots", snapshot);
  made.snapshots.delete(snapshot);
  const tagged = made.snapshot(trees, { summary, original: snapshot, tags: ["a"] });
  expect((await made.take()).counts).toMatchObject({ prunableBytes: 104 });
  expect((await made.take()).counts).toMatchObject({ prunableBytes: 104 });
  made.remove("snapshots", tagged);
  made.snapshots.delete(tagged);
  made.snapshot(trees, { summary, original: randomId() });
  expect((await made.take()).counts).not.toHaveProperty("prunableBytes");
});

test("an index file that is cut after it was read is seen by its size", async () => {
  const made = sceneOfTwo();
  const { index } = made.backup();
  expect((await made.take()).counts).toMatchObject(FINE);
  const path = `index/${index}`;
  made.sealed.files.set(path, Buffer.from(made.sealed.files.get(path) ?? []).subarray(0, 60));
  expect((await made.take()).counts).toMatchObject({ unreadableIndexFiles: 1, missingPacks: 0 });
});

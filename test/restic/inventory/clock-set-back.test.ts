import { expect, test } from "vitest";

import { InventoryScene, sceneOfTwo } from "../../support/inventory/inventory-scene.ts";

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;

test("an orphan that was first seen while the clock was ahead counts an hour after the clock is right", async () => {
  const made = sceneOfTwo();
  made.store(made.pack());
  made.clock.step(YEAR);
  await made.take();
  made.clock.step(-YEAR);
  expect((await made.takeAfter(1)).counts.orphanPacks).toBe(0);
  expect((await made.takeAfter(1)).counts.orphanPacks).toBe(1);
});

test("a snapshot that lost its root tree while the clock was ahead is unrestorable at the next inventory", async () => {
  const made = new InventoryScene();
  const { index, snapshot } = made.backup();
  made.backup();
  await made.take();
  made.clock.step(YEAR);
  made.remove("index", index);
  // Not all index files can be read again yet.
  await made.take({ maxIndexBytes: 0 });
  made.clock.step(-YEAR);
  expect(await made.takeAfter(1)).toMatchObject({ unrestorable: [snapshot] });
});

test("index files that were read while the clock was ahead are read again before a snapshot counts", async () => {
  const made = new InventoryScene();
  const { index } = made.backup();
  made.backup();
  made.clock.step(YEAR);
  await made.take();
  made.clock.step(-YEAR);
  made.remove("index", index);
  await made.takeAfter(1);
  expect(made.calls).toContain("GET index");
});

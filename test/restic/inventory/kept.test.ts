import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { InventoryInMemory } from "../../../instrumentation/restic/inventory/keeper.ts";
import type { InventoryKeeper } from "../../../instrumentation/restic/inventory/keeper.ts";
import { MemoryBudget } from "../../../instrumentation/restic/inventory/kept-index.ts";
import { StateDir } from "../../../instrumentation/restic/state-dir/state-dir.ts";
import { ArrayLogger } from "../../support/core/logger.ts";
import { InventoryScene, sceneOfTwo } from "../../support/inventory/inventory-scene.ts";

let folder: string;
const logger = new ArrayLogger();

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "restic-otel-inventory-")), "state");
});

afterEach(async () => {
  await rm(join(folder, ".."), { recursive: true });
});

/** One inventory of an agent that is started for it. @returns how many index files were read */
async function run(scene: InventoryScene): Promise<number> {
  const stateDir = new StateDir(folder, logger, () => scene.clock.now());
  const keeper = stateDir.inventoriesOf("rest:x", new InventoryInMemory(new MemoryBudget(0)));
  try {
    return await take(scene, keeper);
  } finally {
    await stateDir.close();
  }
}

async function take(scene: InventoryScene, keeper: InventoryKeeper): Promise<number> {
  const kept = await keeper.open(scene.sealed.id, scene.sealed.masterKey());
  scene.kept = kept.index;
  scene.state = kept.state;
  await scene.take();
  if (scene.state) await kept.keep(scene.state);
  return scene.calls.filter((call) => call === "GET index").length;
}

async function pathOf(ending: string): Promise<string> {
  const name = (await readdir(folder)).find((one) => one.endsWith(ending));
  return join(folder, name ?? "");
}

test("after a restart no index file is read again, and the state is the same", async () => {
  const scene = sceneOfTwo();
  scene.store(scene.pack());
  expect(await run(scene)).toBe(2);
  const before = scene.state;
  expect(await run(scene)).toBe(0);
  expect(scene.state?.inventory.counts).toEqual(before?.inventory.counts);
  expect(scene.state?.strays).toEqual(before?.strays);
  expect(scene.state?.folders).toEqual(before?.folders);
  scene.backup();
  expect(await run(scene)).toBe(1);
});

test("what is no longer listed is forgotten", async () => {
  const scene = sceneOfTwo();
  const { index } = scene.backup();
  await run(scene);
  const { size } = await stat(await pathOf(".index"));
  scene.remove("index", index);
  scene.snapshots.clear();
  await run(scene);
  expect((await stat(await pathOf(".index"))).size).toBeLessThan(size);
  expect(await run(scene)).toBe(0);
});

test.for([
  ["cut", (bytes: Buffer) => bytes.subarray(0, bytes.length - 1)],
  [
    "changed",
    (bytes: Buffer) => {
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      return bytes;
    },
  ],
] as const)("a kept index that was %s is read again as far as it is bad", async ([, change]) => {
  const scene = sceneOfTwo();
  await run(scene);
  const { counts } = scene.state?.inventory ?? {};
  const path = await pathOf(".index");
  await writeFile(path, change(await readFile(path)));
  expect(await run(scene)).toBe(1);
  expect(scene.state?.inventory.counts).toEqual(counts);
  expect(await run(scene)).toBe(0);
});

test("a state that was changed is discarded, with a line in the log", async () => {
  const scene = sceneOfTwo();
  await run(scene);
  const path = await pathOf(".inventory");
  await writeFile(path, (await readFile(path, "utf8")).replace(/\d/, "x"));
  await run(scene);
  expect(logger.texts.join("\n")).toContain("discarding the last inventory of a repository");
});

test("without a state folder records are kept in memory, up to a budget over all repositories", async () => {
  const budget = new MemoryBudget(700);
  const keepers = [new InventoryInMemory(budget), new InventoryInMemory(budget)];
  const scenes = [sceneOfTwo(), sceneOfTwo()];
  const runAll = async (): Promise<readonly number[]> => {
    const read = [];
    for (const [index, scene] of scenes.entries()) {
      const keeper = keepers[index];
      if (keeper) read.push(await take(scene, keeper));
    }
    return read;
  };
  expect(await runAll()).toEqual([2, 2]);
  expect(budget.used).toBeGreaterThan(0);
  expect(budget.used).toBeLessThanOrEqual(700);
  const [first = 0, second = 0] = await runAll();
  expect(first + second).toBeGreaterThan(0);
  expect(first + second).toBeLessThan(4);
  await keepers[0]?.forget();
  await keepers[1]?.forget();
  expect(budget.used).toBe(0);
});

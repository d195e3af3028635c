import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { AgentError } from "../../instrumentation/core/error.ts";
import type { InventoryEntry } from "../../instrumentation/monitor/inventory-plan.ts";
import { parseExpectations } from "../../instrumentation/settings/expectations/parse.ts";
import { tableText } from "../support/agent/table-text.ts";
import { until } from "../support/core/until.ts";
import { sceneOfTwo } from "../support/inventory/inventory-scene.ts";
import { MonitorScene } from "../support/inventory/monitor-scene.ts";

const HOUR = 3_600_000;

test("metrics appear with the first inventory; a second one follows after its interval", async () => {
  const [scene] = [sceneOfTwo()];
  const made = new MonitorScene([scene]);
  await made.start();
  await until("an inventory", () => made.taken === 1);
  expect(await made.value("backup_repository_packs")).toBe("4");
  expect(await made.value("backup_repository_missing_packs")).toBe("0");
  const lists = (): number => scene.calls.filter((call) => call === "LIST data").length;
  expect(lists()).toBe(1);
  await made.advance(23);
  expect(lists()).toBe(1);
  const [pack = ""] = scene.packs.keys();
  scene.packs.delete(pack);
  await made.advance(1.5);
  await until(
    "a second inventory",
    async () => (await made.value("backup_repository_missing_packs")) === "1",
  );
  expect(made.logger.texts.join("\n")).toContain(`1 pack is missing (${pack}): run restic check`);
  expect(await made.value("backup_repository_up")).toBe("1");
  await made.monitor.stop();
});

test("after an inventory under a clock that was a year ahead the next one follows at once", async () => {
  const scene = sceneOfTwo();
  const year = 365 * 24 * HOUR;
  scene.clock.step(year);
  const made = new MonitorScene([scene]);
  await made.start();
  await until("an inventory", () => made.taken === 1);
  const [pack = ""] = scene.packs.keys();
  scene.packs.delete(pack);
  scene.clock.step(-year);
  await made.advance(1);
  await until(
    "a second inventory",
    async () => (await made.value("backup_repository_missing_packs")) === "1",
  );
  const at = await made.value("backup_repository_inventory_timestamp_seconds");
  expect(Number(at)).toBeLessThanOrEqual(scene.clock.now() / 1000);
  const lists = (): number => scene.calls.filter((call) => call === "LIST data").length;
  const before = lists();
  await made.advance(22);
  expect(lists()).toBe(before);
  await made.monitor.stop();
});

test("one inventory at a time runs in the agent", async () => {
  const scenes = [sceneOfTwo(), sceneOfTwo(), sceneOfTwo()];
  const log: number[] = [];
  for (const [index, scene] of scenes.entries())
    scene.onCall = (call) => {
      if (call.endsWith("index") || call.endsWith("data")) log.push(index);
    };
  const made = new MonitorScene(scenes);
  await made.start();
  await until("all inventories", () => made.taken === 3);
  await made.monitor.stop();
  // The requests of each come together.
  expect(log.filter((index, at) => index !== log[at - 1])).toHaveLength(3);
});

test("a failed inventory changes no set, is logged once, and is tried again after an hour", async () => {
  const scene = sceneOfTwo();
  let isBroken = true;
  scene.onCall = (call) => {
    if (isBroken && call === "LIST data") throw new AgentError("unreachable", "no route");
  };
  const made = new MonitorScene([scene]);
  await made.start();
  await until("a failure", () => made.monitor.inventories.entries()[0]?.error !== undefined);
  expect(await made.value("backup_repository_up")).toBe("1");
  expect(await made.value("backup_repository_packs")).toBeUndefined();
  expect(await made.value("backup_read_error_count")).toBe("0");
  isBroken = false;
  await made.advance(1);
  await until("an inventory", () => made.taken === 1);
  const lines = made.logger.texts.filter((text) => text.includes("inventory"));
  expect(lines).toEqual([
    'warn inventory failed {"url":"memory:0","error_type":"unreachable","error":"no route"}',
    'info inventory recovered {"url":"memory:0"}',
  ]);
  await made.monitor.stop();
});

test("an inventory that exceeds its time limit fails with timeout, and holds no collection", async () => {
  const scene = sceneOfTwo();
  const backend = scene.backend.bind(scene);
  scene.backend = () => {
    const whole = backend();
    return {
      ...whole,
      list: (type, ...more) =>
        type === "data" ? new Promise(() => {}) : whole.list(type, ...more),
    };
  };
  const made = new MonitorScene([scene], {
    inventory: { everyMs: 24 * HOUR, timeoutMs: 8 * HOUR },
  });
  await made.start();
  await until("an inventory", () => scene.calls.includes("LIST index"));
  const collections = (): number => scene.calls.filter((call) => call === "LIST snapshots").length;
  expect(collections()).toBe(1);
  await made.advance(6.1);
  await until("a second collection", () => collections() === 2);
  await made.advance(2);
  await until("a failure", () => made.monitor.inventories.entries()[0]?.error?.code === "timeout");
  await made.monitor.stop();
});

test("a reload turns inventories off and on; an entry may have its own", async () => {
  const scenes = [sceneOfTwo(), sceneOfTwo()];
  const made = new MonitorScene(scenes);
  await made.start();
  await until("all inventories", () => made.taken === 2);
  made.monitor.reload(made.settings({ inventory: "off" }));
  expect(await made.value("backup_repository_packs")).toBeUndefined();
  const [first, second] = made.settings().repositories;
  const own = first && second ? [first, { ...second, inventory: {} }] : [];
  made.monitor.reload(made.settings({ inventory: "off", repositories: own }));
  await until("an inventory", () => made.taken === 1);
  expect(await made.value("backup_repository_packs", 1)).toBe("4");
  expect(await made.value("backup_repository_packs", 0)).toBeUndefined();
  await made.monitor.stop();
});

test("a snapshot that an inventory finds unrestorable no longer meets an expectation", async () => {
  const scene = sceneOfTwo();
  const time = (hours: number): string =>
    new Date(scene.clock.now() - hours * HOUR).toISOString().replace(".000", "");
  scene.backup({ hostname: "web", time: time(20) });
  const { index } = scene.backup({ hostname: "web", time: time(1) });
  const { value: expectations } = parseExpectations(
    { expect: [{ name: "e", hosts: ["web"], maxAge: "100h" }] },
    { list: [{ url: "memory:0", disabled: false }], areComplete: true },
  );
  const made = new MonitorScene([scene], { expectations });
  const newest = async (): Promise<string | undefined> => {
    const text = await tableText(made.monitor.tables, scene.clock.now());
    const line = text.split("\n").find((one) => one.startsWith("backup_expected_newest"));
    return line?.split(" ")[1];
  };
  const [good, lost] = [20, 1].map((hours) => String(scene.clock.now() / 1000 - hours * 3600));
  await made.start();
  await until("an inventory", () => made.taken === 1);
  expect(await newest()).toBe(lost);
  scene.remove("index", index);
  // Less than the time limit of the inventory that begins after 24 hours.
  await made.advance(24.5);
  await until("an unrestorable snapshot", async () => (await newest()) === good);
  expect(await made.value("backup_repository_unrestorable_snapshots")).toBe("1");
  // Without inventories nothing is known of it.
  made.monitor.reload(made.settings({ inventory: "off", expectations }));
  expect(await newest()).toBe(lost);
  await made.monitor.stop();
});

test("after a restart the last inventories of all repositories are shown before a due one begins", async () => {
  const stateDir = await mkdtemp(join(tmpdir(), "inventories-"));
  onTestFinished(() => rm(stateDir, { recursive: true }));
  const scenes = [sceneOfTwo(), sceneOfTwo()];
  const before = new MonitorScene(scenes, { stateDir });
  await before.start();
  await until("all inventories", () => before.taken === 2);
  await before.monitor.stop();
  await before.advance(25);
  const taken: number[] = [];
  for (const scene of scenes)
    scene.onCall = (call) => {
      if (call === "LIST data") taken.push(after.taken);
    };
  const after = new MonitorScene(scenes, { stateDir });
  await after.start();
  const isNew = ({ inventory }: InventoryEntry): boolean =>
    inventory?.at === scenes[0]?.clock.now();
  await until("both inventories", () => after.monitor.inventories.entries().every(isNew));
  expect(taken).toEqual([2, 2]);
  await after.monitor.stop();
});

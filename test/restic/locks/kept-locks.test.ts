import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { AgentError } from "../../../instrumentation/core/error.ts";
import { SealedRepository } from "../../support/repository/sealed-repository.ts";
import { LockScene, MINUTE } from "../../support/repository/lock-scene.ts";

interface KeptScene {
  readonly scene: LockScene;
  /** The path of the file with the locks. */
  readonly file: () => Promise<string>;
}

async function keptScene(): Promise<KeptScene> {
  const folder = await mkdtemp(join(tmpdir(), "locks-"));
  const scene = new LockScene(15 * MINUTE, join(folder, "state"));
  onTestFinished(async () => {
    await scene.stop();
    await rm(folder, { recursive: true });
  });
  const file = async (): Promise<string> => {
    const names = await readdir(join(folder, "state"));
    return join(folder, "state", names.find((name) => /^locks-[0-9a-f]{16}$/.test(name)) ?? "");
  };
  return { scene, file };
}

test("a restart keeps since when a lock is held, and which locks are stale", async () => {
  const { scene, file } = await keptScene();
  scene.lock();
  await scene.after(5);
  const known = await scene.after(45);
  expect(known).toMatchObject({ "held_since shared": 5, "stale_locks shared": 1 });
  expect((await stat(await file())).mode & 0o777).toBe(0o600);
  scene.logger.clear();
  await scene.restart();
  expect(await scene.after(1)).toEqual(known);
  expect(scene.calls).toEqual(["LIST locks", "GET locks"]);
  expect(scene.logger.texts).toEqual([]);
});

test("a restart while the repository is away keeps its locks as last known", async () => {
  const { scene } = await keptScene();
  scene.lock();
  await scene.after(5);
  const known = await scene.after(45);
  scene.before = () => {
    throw new AgentError("unreachable", "away");
  };
  for (let count = 0; count < 2; count++) {
    await scene.restart();
    expect(await scene.after(15)).toEqual(known);
    expect(scene.state?.locks?.look?.at).toBe(scene.clock.now() - (count + 1) * 15 * MINUTE);
  }
  scene.before = () => {};
  expect(await scene.after(1)).toEqual(known);
});

test("a lock that was not stale needs two looks after a restart", async () => {
  const { scene } = await keptScene();
  scene.lock();
  await scene.after(0);
  await scene.restart();
  expect(await scene.after(60)).toMatchObject({ "held_since shared": 0, "stale_locks shared": 0 });
  expect(await scene.after(15)).toMatchObject({ "stale_locks shared": 1 });
});

test("a stale lock that ended while the agent was away ends, and a later one begins at its own time", async () => {
  const { scene } = await keptScene();
  const id = scene.lock();
  await scene.after(0);
  await scene.after(45);
  scene.unlock(id);
  await scene.restart();
  expect(await scene.after(15)).toMatchObject({ "locks shared": 0 });
  await scene.restart();
  scene.lock();
  expect(await scene.after(15)).toMatchObject({ "held_since shared": 75 });
});

test.for([
  ["was changed", (text: string) => text.replace('"web"', '"www"')],
  ["is empty", () => ""],
  ["is cut", (text: string) => text.slice(0, 50)],
] as const)("a file that %s is ignored", async ([, change]) => {
  const { scene, file } = await keptScene();
  scene.lock();
  await scene.after(0);
  const path = await file();
  await writeFile(path, change(await readFile(path, "utf8")));
  await scene.restart();
  expect(await scene.after(7)).toMatchObject({ "held_since shared": 7 });
});

test("another repository at the URL has locks of its own", async () => {
  const { scene } = await keptScene();
  scene.lock();
  await scene.after(0);
  scene.sealed = new SealedRepository("right");
  scene.sealed.addSnapshot({ time: "2024-05-01T12:00:00Z", hostname: "h", username: "u" });
  scene.lock();
  await scene.restart();
  expect(await scene.after(9)).toMatchObject({ "locks shared": 1, "held_since shared": 9 });
});

test("a file that is too large is logged once, and the locks are read", async () => {
  const { scene, file } = await keptScene();
  scene.lock();
  await scene.after(0);
  await writeFile(await file(), Buffer.alloc(17 * 2 ** 20, "x"));
  await scene.restart();
  expect(await scene.after(7)).toMatchObject({ "locks shared": 1 });
  await scene.after(15);
  expect(scene.logger.texts).toEqual([
    expect.stringContaining("warn cannot keep the locks of a repository"),
  ]);
});

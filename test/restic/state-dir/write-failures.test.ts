import { mkdir, rename, rm, stat, utimes } from "node:fs/promises";

import { afterEach, beforeEach, expect, test } from "vitest";

import { StatefulScene } from "../../support/repository/stateful-scene.ts";

const DAY_SECONDS = 86_400;

let scene: StatefulScene;

beforeEach(async () => {
  scene = await StatefulScene.open();
});

afterEach(() => scene.remove());

test("a state file that cannot be written for a while is whole again afterwards, and the log says so once", async () => {
  scene.add(2);
  const agent = scene.agent();
  await agent.collect();
  const path = await scene.stateFile();
  // Neither an append nor a rename replaces a folder.
  await rename(path, `${path}.away`);
  await mkdir(path);
  for (const from of [10, 20]) {
    scene.add(1, from);
    await agent.collect();
  }
  expect(scene.logger.texts).toEqual([
    expect.stringMatching(/^warn cannot write the state of a repository .*"error":"EISDIR/),
  ]);
  await rm(path, { recursive: true });
  await rename(`${path}.away`, path);
  scene.logger.clear();
  scene.add(1, 30);
  const { ids } = await agent.collect();
  expect(scene.logger.texts).toEqual([
    'info the state of a repository is written again {"url":"rest:x"}',
  ]);
  await agent.stop();
  expect(await scene.run()).toEqual({ ids, gets: 0 });
});

test("a start under a clock that is ahead deletes no state that was in use", async () => {
  const ids = scene.add(2);
  await scene.run();
  const path = await scene.stateFile();
  const before = scene.now / 1000 - 200 * DAY_SECONDS;
  await utimes(path, before, before);
  expect(await scene.run()).toEqual({ ids, gets: 0 });
  expect((await stat(path)).mtimeMs).toBeGreaterThan(before * 1000);
});

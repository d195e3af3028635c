import { writeFile } from "node:fs/promises";

import { afterEach, beforeEach, expect, test } from "vitest";

import type { Snapshot } from "../../../instrumentation/restic/repository/snapshot.ts";
import { firstVersionOf } from "../../support/repository/first-version.ts";
import { StatefulScene } from "../../support/repository/stateful-scene.ts";

let scene: StatefulScene;

beforeEach(async () => {
  scene = await StatefulScene.open();
});

afterEach(() => scene.remove());

async function writeFirstVersion(snapshots: readonly Snapshot[]): Promise<void> {
  await writeFile(await scene.stateFile(), firstVersionOf(scene.sealed, snapshots));
}

test("a state file of version 0.1 is taken over; what it lacks is read newest first, 1,000 snapshots a collection", async () => {
  const ids = scene.add(1205);
  const first = scene.agent();
  const before = await first.read();
  await first.stop();
  await writeFirstVersion(before);

  const second = scene.agent();
  expect(await second.collect()).toEqual({ ids, gets: 1000 });
  const after = await second.read();
  const filled = after.filter(({ details }) => details);
  const oldest = Math.min(...filled.map(({ time }) => time.seconds));
  const lacking = after.filter(({ details }) => !details);
  expect(lacking).toHaveLength(205);
  expect(lacking.every(({ time }) => time.seconds < oldest)).toBe(true);
  const known = ({ id, time, hostname, username, summary }: Snapshot): unknown[] => [
    id,
    time,
    hostname,
    username,
    summary?.files,
  ];
  expect(after.map(known)).toEqual(before.map(known));
  // Without the end of a collection of all repositories no more are read.
  expect(await second.collect()).toEqual({ ids, gets: 0 });
  second.endCollection();
  expect(await second.collect()).toEqual({ ids, gets: 205 });
  await second.stop();

  const third = scene.agent();
  expect(await third.read()).toEqual(before);
  await third.stop();
  expect(await scene.run()).toEqual({ ids, gets: 0 });
  expect(scene.logger.texts).toEqual([]);
});

test("a snapshot whose details cannot be read stays known, and is not asked for again", async () => {
  const [bad = "", ...good] = scene.add(3);
  const first = scene.agent();
  const before = await first.read();
  await first.stop();
  await writeFirstVersion(before);
  scene.sealed.files.set(`snapshots/${bad}`, Buffer.from("damaged"));

  const second = scene.agent();
  const after = await second.read();
  expect(after.filter(({ details }) => details).map(({ id }) => id)).toEqual(good);
  expect(after).toHaveLength(3);
  second.endCollection();
  expect((await second.collect()).gets).toBe(0);
  await second.stop();
});

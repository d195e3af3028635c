import { writeFile } from "node:fs/promises";

import { afterEach, beforeEach, expect, test } from "vitest";

import { seal } from "../../../instrumentation/restic/state-dir/line.ts";
import type { Snapshot } from "../../../instrumentation/restic/repository/snapshot.ts";
import { StatefulScene } from "../../support/repository/stateful-scene.ts";

let scene: StatefulScene;

beforeEach(async () => {
  scene = await StatefulScene.open();
});

afterEach(() => scene.remove());

/** Writes the state file as restic-otel 0.1 did. */
async function writeFirstVersion(snapshots: readonly Snapshot[]): Promise<void> {
  const records = snapshots.map(({ id, time, hostname, username, summary }) => [
    id,
    time.seconds,
    time.nanoseconds,
    hostname,
    username,
    summary && [summary.durationSeconds, summary.files, null, null, null],
  ]);
  const lines = [["restic-otel state", 1, scene.sealed.id], ...records];
  const key = scene.sealed.masterKey().derive(`restic-otel state of ${scene.sealed.id}`);
  const text = lines.map((line) => seal(JSON.stringify(line), key)).join("");
  await writeFile(await scene.stateFile(), text);
}

test("a state file of version 0.1 is taken over: no snapshot is read to know the sets", async () => {
  scene.add(3);
  const first = scene.agent();
  const before = await first.read();
  await first.stop();
  await writeFirstVersion(before);

  const second = scene.agent();
  const after = await second.read();
  await second.stop();
  expect(after.map(({ summary }) => summary?.files)).toEqual(
    before.map(({ summary }) => summary?.files),
  );
  const shown = ({ id, time, hostname, username }: Snapshot): object => ({
    id,
    time,
    hostname,
    username,
  });
  expect(after.map(shown)).toEqual(before.map(shown));
  expect(scene.logger.texts).toEqual([]);
  expect((await scene.run()).gets).toBe(0);
});

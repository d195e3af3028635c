import { execFile } from "node:child_process";
import { mkdir, rename, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterEach, beforeEach, expect, test } from "vitest";

import { readOwnFile } from "../../../instrumentation/restic/state-dir/own-file.ts";
import { StatefulScene } from "../../support/repository/stateful-scene.ts";

let scene: StatefulScene;

beforeEach(async () => {
  scene = await StatefulScene.open();
});

afterEach(() => scene.remove());

test.for<readonly [string, (path: string) => Promise<void> | void]>([
  [
    "a link to the real file",
    async (path) => {
      await rename(path, `${scene.folder}/../elsewhere`);
      await symlink(`${scene.folder}/../elsewhere`, path);
    },
  ],
  [
    "a link to a device",
    async (path) => {
      await rm(path);
      await symlink("/dev/zero", path);
    },
  ],
  [
    "a FIFO",
    async (path) => {
      await rm(path);
      await promisify(execFile)("mkfifo", [path]);
    },
  ],
  [
    "a folder",
    async (path) => {
      await rm(path);
      await mkdir(path);
    },
  ],
])("a state file that is %s is refused with one log line, and is left alone", async ([, make]) => {
  const ids = scene.add(2);
  await scene.run();
  const path = await scene.stateFile();
  await make(path);
  for (let start = 0; start < 2; start++) {
    scene.logger.clear();
    expect(await scene.run()).toEqual({ ids, gets: 2 });
    expect(scene.logger.lines).toEqual([
      {
        level: "warn",
        message: "cannot read the state of a repository, continuing without it",
        fields: { url: "rest:x", error: `${path} is not a regular file: remove it` },
      },
    ]);
  }
});

test.for<readonly [string, (path: string) => Promise<void>, string]>([
  [
    "a file of more than 4 GiB",
    (path) => truncate(path, 2 ** 32 + 1),
    "its file has 4294967297 bytes, more than 4294967296",
  ],
  [
    "a line that does not end",
    (path) => writeFile(path, "x".repeat(2 ** 22)),
    "its file has a line of more than 1024 characters",
  ],
])("%s is discarded with one log line, and written again", async ([, change, reason]) => {
  const ids = scene.add(2);
  await scene.run();
  await change(await scene.stateFile());
  expect(await scene.run()).toEqual({ ids, gets: 2 });
  expect(scene.logger.texts).toEqual([expect.stringContaining(reason)]);
  expect(await scene.run()).toEqual({ ids, gets: 0 });
});

test("the folder may be reached by a link", async () => {
  const ids = scene.add(2);
  await mkdir(join(scene.folder, "../private"), { mode: 0o700 });
  await symlink("private", scene.folder);
  await scene.run();
  expect(await scene.run()).toEqual({ ids, gets: 0 });
  expect(scene.logger.texts).toEqual([]);
});

test("reading a file of the state folder sets its time of last use, and a file above its bound is refused", async () => {
  const path = join(scene.folder, "..", "file");
  await writeFile(path, "12345");
  expect(await readOwnFile(path, 5, 1_600_000_000_000)).toBe("12345");
  expect((await stat(path)).mtimeMs).toBe(1_600_000_000_000);
  await expect(readOwnFile(path, 4)).rejects.toThrow(`${path} has 5 bytes: remove it`);
});

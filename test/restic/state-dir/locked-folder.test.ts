import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { beforeEach, afterEach, describe, expect, test } from "vitest";

import { openStateFolder } from "../../../instrumentation/restic/state-dir/locked-folder.ts";
import { StatefulScene } from "../../support/repository/stateful-scene.ts";

let scene: StatefulScene;

beforeEach(async () => {
  scene = await StatefulScene.open();
});

afterEach(() => scene.remove());

test("only state files that were not used for 90 days are removed", async () => {
  scene.add(1);
  await scene.run();
  const old = join(scene.folder, `${"a".repeat(64)}-${"b".repeat(16)}`);
  const other = join(scene.folder, "notes.txt");
  for (const path of [old, other]) {
    await writeFile(path, "x", { mode: 0o600 });
    await utimes(path, scene.now / 1000 - 91 * 86_400, scene.now / 1000 - 91 * 86_400);
  }
  await scene.run();
  expect(await readdir(scene.folder)).not.toContain(old.slice(scene.folder.length + 1));
  expect(await readdir(scene.folder)).toContain("notes.txt");
});

test("a folder that other users can access is not used", async () => {
  await scene.run();
  await chmod(scene.folder, 0o755);
  const ids = scene.add(1);
  expect(await scene.run()).toEqual({ ids, gets: 1 });
  expect(scene.logger.texts).toEqual([
    expect.stringContaining("is accessible to other users: chmod 700"),
  ]);
});

test("a folder that cannot be locked, as one with a path of over 107 bytes, is named with the reason", async () => {
  const path = join(scene.folder, "long".repeat(30));
  const folder = openStateFolder(path, scene.now, true);
  await expect(folder).rejects.toMatchObject({
    code: "config",
    message: `the state folder ${path} cannot be locked: listen EINVAL: invalid argument ${path}/lock`,
  });
});

describe("two agents with one folder", () => {
  test("the second one logs it and continues without state until the first has ended", async () => {
    const ids = scene.add(2);
    const first = scene.agent();
    await first.collect();
    expect(await scene.run()).toEqual({ ids, gets: 2 });
    expect(scene.logger.texts).toEqual([expect.stringContaining("is in use by another agent")]);
    await first.stop();
    expect((await scene.run()).gets).toBe(0);
  });

  test("the lock of a killed agent does not count", async () => {
    scene.add(2);
    await scene.run();
    const listen = `require("node:net").createServer().listen(${JSON.stringify(join(scene.folder, "lock"))}, () => console.log("listening"))`;
    const child = spawn(process.execPath, ["-e", listen], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    expect(await readdir(scene.folder)).toContain("lock");
    expect((await scene.run()).gets).toBe(0);
    expect(scene.logger.texts).toEqual([]);
  });
});

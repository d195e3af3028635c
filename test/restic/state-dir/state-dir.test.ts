import { readFile, stat, writeFile } from "node:fs/promises";

import { beforeEach, afterEach, describe, expect, test } from "vitest";

import type {
  Remembered,
  SnapshotCache,
} from "../../../instrumentation/restic/repository/snapshot-cache.ts";
import type { Snapshot } from "../../../instrumentation/restic/repository/snapshot.ts";
import { StateDir } from "../../../instrumentation/restic/state-dir/state-dir.ts";
import { SealedRepository } from "../../support/repository/sealed-repository.ts";
import { idOf } from "../../support/repository/snapshot-id.ts";
import { StatefulScene } from "../../support/repository/stateful-scene.ts";
import { snapshotOf } from "../../support/repository/snapshot-of.ts";

let scene: StatefulScene;

/** Opens the state of a repository once. */
async function withCache(
  use: (cache: SnapshotCache, remembered: Remembered) => Promise<void> | void,
): Promise<void> {
  const stateDir = new StateDir(scene.folder, scene.logger, () => scene.now);
  const cache = stateDir.cacheOf("rest:x");
  const remembered = await cache.load(scene.sealed.id, scene.sealed.masterKey());
  await use(cache, remembered);
  await stateDir.close();
}

function decoded(hostname: string): readonly [string, Snapshot] {
  const id = idOf(hostname);
  const json = JSON.stringify({ time: "2024-01-02T03:04:05Z", hostname });
  return [id, snapshotOf(id, json)];
}

beforeEach(async () => {
  scene = await StatefulScene.open();
});

afterEach(() => scene.remove());

describe("after a restart", () => {
  test("no known snapshot is read again, and all are reported", async () => {
    const ids = scene.add(1200);
    const first = scene.agent();
    expect(await first.collect()).toEqual({ ids, gets: 1200 });
    const more = scene.add(3, 5000);
    await first.collect();
    await first.stop();
    expect(await scene.run()).toEqual({ ids: [...ids, ...more].toSorted(), gets: 0 });
    expect(scene.logger.texts).toEqual([]);
  });

  test("a snapshot that is no longer listed is dropped", async () => {
    const [gone = "", ...kept] = scene.add(3);
    await scene.run();
    scene.sealed.files.delete(`snapshots/${gone}`);
    expect(await scene.run()).toEqual({ ids: kept, gets: 0 });
  });

  test("a new repository at the same URL does not get the old state", async () => {
    scene.add(3);
    await scene.run();
    scene.sealed = new SealedRepository("right");
    const ids = scene.add(2);
    expect(await scene.run()).toEqual({ ids, gets: 2 });
  });

  test("times, names, lists and summaries are those that were read", async () => {
    scene.sealed.addSnapshot({
      time: "2024-01-02T03:04:05.123456789+01:00",
      hostname: 'h"\n\u2028ü',
      username: "",
      summary: {
        backup_start: "2024-01-01T00:00:00Z",
        backup_end: "2024-01-01T00:01:01.5Z",
        data_added: 2 ** 40,
        files_new: 7,
      },
      original: "a".repeat(64),
      program_version: "restic 0.18.0",
      paths: ["/b", "/a\n\u2028"],
      tags: ["x", "y"],
    });
    scene.sealed.addSnapshot({ time: "2024-01-02T03:04:05Z", hostname: "h", tags: ["x", "y"] });
    const long = Array.from({ length: 2000 }, (_, index) => `/${index}`);
    scene.sealed.addSnapshot({ time: "2024-01-02T03:04:05Z", hostname: "h", paths: long });
    // More than 16 MiB of lists: only the groups of some are kept.
    for (let count = 0; count < 18; count++) {
      const paths = [
        String(count)
          .repeat(2 ** 19)
          .padEnd(2 ** 20),
      ];
      scene.sealed.addSnapshot({ time: "2024-01-02T03:04:06Z", hostname: "h", paths });
    }
    const first = scene.agent();
    const before = await first.read();
    await first.stop();
    const second = scene.agent();
    expect(await second.read()).toEqual(before);
    await second.stop();
    expect((await scene.run()).gets).toBe(0);
  });
});

describe("state that cannot be trusted is discarded with one log line, and written again", () => {
  test.for<readonly [string, (text: string) => string]>([
    ["a changed byte", (text) => text.replace("host-1", "host-9")],
    ["a line of another file", (text) => `${text}${"0".repeat(32)} []\n`],
    ["text of another program", () => "hello\n"],
    ["a missing first line", (text) => text.slice(text.indexOf("\n") + 1)],
    ["bytes that are not text", (text) => `${text}\u0000\ufffd\n`],
  ])("%s", async ([, change]) => {
    const ids = scene.add(3);
    await scene.run();
    const path = await scene.stateFile();
    await writeFile(path, change(await readFile(path, "utf8")));
    expect(await scene.run()).toEqual({ ids, gets: 3 });
    expect(scene.logger.texts).toHaveLength(1);
    expect(scene.logger.texts[0]).toContain("discarding the state of a repository");
    expect(await scene.run()).toEqual({ ids, gets: 0 });
  });

  test("state of a repository with the same id and another key", async () => {
    scene.add(2);
    await scene.run();
    const path = await scene.stateFile();
    const foreign = await readFile(path, "utf8");
    const { id } = scene.sealed;
    scene.sealed = new SealedRepository("right");
    scene.sealed.writeConfig({ version: 2, id, chunker_polynomial: "3999ee1b688dbd" });
    const ids = scene.add(1);
    expect(await scene.run()).toEqual({ ids, gets: 1 });
    expect(scene.logger.texts).toHaveLength(1);
    expect(await readFile(path, "utf8")).not.toContain(foreign.split("\n")[1]);
  });
});

test("the last complete listing lacks snapshots that were read after it", async () => {
  const [first, second, later] = [decoded("a"), decoded("b"), decoded("c")];
  const bad = { firstSeen: undefined, isDamaged: false };
  const listing = { at: 1, completeAt: 2, unreadable: new Map([["bad", bad]]) };
  await withCache(async (cache) => {
    await cache.settle({ ...listing, snapshots: new Map([first, second]) });
    await cache.settle({ ...listing, at: 3, completeAt: 4, snapshots: new Map([second]) });
    await cache.append([later[1]]);
  });
  await withCache((_, remembered) => {
    expect(new Set(remembered.snapshots.keys())).toEqual(new Set([second[0], later[0]]));
    expect(remembered.listed).toEqual({
      ...listing,
      at: 3,
      completeAt: 4,
      snapshots: new Map([second]),
    });
  });
});

test("an incomplete line is ignored, and the file is rewritten", async () => {
  const ids = scene.add(3);
  await scene.run();
  const path = await scene.stateFile();
  const whole = await readFile(path, "utf8");
  // The last line is of the listing, the one before of a snapshot.
  const end = whole.trimEnd().lastIndexOf("\n");
  await writeFile(path, whole.slice(0, end - 20));
  expect(await scene.run()).toEqual({ ids, gets: 1 });
  expect(scene.logger.texts).toEqual([]);
  expect((await readFile(path, "utf8")).split("\n")).toHaveLength(whole.split("\n").length);
  expect((await scene.run()).gets).toBe(0);
});

test("a wrong password opens no state", async () => {
  scene.add(1);
  await scene.run();
  await expect(scene.run("wrong")).rejects.toThrow("the password does not open the key");
});

test("state has names and times but no password and no key; only its owner can read it", async () => {
  scene.add(2);
  await scene.run();
  const path = await scene.stateFile();
  const text = await readFile(path, "utf8");
  expect(text).toContain("host-1");
  const master = scene.sealed.secrets();
  for (const secret of ["right", ...master]) expect(text).not.toContain(secret);
  expect((await stat(scene.folder)).mode & 0o777).toBe(0o700);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("state does not grow with forgotten snapshots", async () => {
  scene.add(500);
  await scene.run();
  const before = (await stat(await scene.stateFile())).size;
  for (const path of scene.sealed.files.keys())
    if (path.startsWith("snapshots/")) scene.sealed.files.delete(path);
  const ids = scene.add(20, 1000);
  expect((await scene.run()).ids).toEqual(ids);
  expect((await stat(await scene.stateFile())).size).toBeLessThan(before / 10);
  expect((await scene.run()).gets).toBe(0);
});

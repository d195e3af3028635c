import { zstdCompressSync } from "node:zlib";

import { describe, expect, test } from "vitest";

import { LockScene } from "../../support/repository/lock-scene.ts";
import { newMaterial, seal, SealedRepository } from "../../support/repository/sealed-repository.ts";

const TIME = '"time":"2026-01-01T00:00:00Z"';
const compressed = (content: Uint8Array): Buffer =>
  Buffer.concat([Buffer.of(2), zstdCompressSync(content)]);

/** A frame whose header declares 1 GiB. RFC 8878, section 3.1.1.1. */
function claim(): Buffer {
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(2n ** 30n);
  return Buffer.concat([Buffer.of(2, 0x28, 0xb5, 0x2f, 0xfd, 0xe0), size, Buffer.of(1, 0, 0)]);
}

describe("a lock file is unreadable, is not read again and hides no other lock:", () => {
  test.for([
    ["no JSON", Buffer.from("{nope"), "is not valid JSON"],
    ["another encoding", Buffer.of(3, 1, 2), "has an unsupported encoding"],
    ["a list", Buffer.from("[]"), "is not a JSON object"],
    ["a wrong time", Buffer.from('{"time":"yesterday"}'), 'has no valid "time"'],
    ["a number as time", Buffer.from('{"time":5}'), 'has a "time" that is not a string'],
    ["text as kind", Buffer.from(`{${TIME},"exclusive":"yes"}`), 'has an "exclusive" that is not'],
    [
      "a huge name",
      Buffer.from(JSON.stringify({ hostname: "h".repeat(1025) })),
      'has a "hostname" of more than 1024 bytes',
    ],
    ["65 KiB", compressed(Buffer.alloc(65 * 1024, "x")), "expands to more than 0.063 MiB"],
    ["64 MiB of zeros", compressed(Buffer.alloc(2 ** 26)), "expands to more than 0.063 MiB"],
    ["the claim of 1 GiB", claim(), "has damaged zstd data"],
    ["brackets", Buffer.from("[".repeat(60_000)), "has JSON with a depth of more than 16"],
  ] as const)("%s", async ([, plain, reason]) => {
    const scene = new LockScene();
    scene.lock();
    const id = scene.sealed.addSealed("locks", plain);
    expect(await scene.after(0)).toMatchObject({ "locks shared": 1, unreadable_locks: 1 });
    const [line = "", ...others] = scene.logger.texts;
    expect(others).toEqual([]);
    expect(line).toContain(`1 unreadable lock file: ${id.slice(0, 8)} ${reason}`);
    expect(await scene.after(15)).toMatchObject({ "locks shared": 1, unreadable_locks: 1 });
    expect(scene.calls).toEqual(["LIST locks"]);
    expect(scene.logger.texts).toHaveLength(1);
  });

  test("another key", async () => {
    const scene = new LockScene();
    scene.lock();
    scene.sealed.addFile("locks", seal(Buffer.from(`{${TIME}}`), newMaterial()));
    scene.sealed.addFile("locks", Buffer.alloc(31, 1));
    expect(await scene.after(0)).toMatchObject({ "locks shared": 1, unreadable_locks: 2 });
    await scene.after(15);
    expect(scene.calls).toEqual(["LIST locks"]);
  });

  test("more than 64 KiB as stored", async () => {
    const scene = new LockScene();
    scene.sealed.addFile("locks", Buffer.alloc(65 * 1024));
    expect(await scene.after(0)).toMatchObject({ unreadable_locks: 1 });
    await scene.after(15);
    expect(scene.calls).toEqual(["LIST locks"]);
  });
});

test("a truncated file is read twice, and again in the next look", async () => {
  const scene = new LockScene();
  const id = scene.lock();
  const whole = scene.sealed.files.get(`locks/${id}`) ?? Buffer.alloc(0);
  scene.sealed.files.set(`locks/${id}`, whole.subarray(0, 60));
  expect(await scene.after(0)).toMatchObject({ "locks shared": 0, unreadable_locks: 1 });
  expect(scene.calls).toEqual(["LIST locks", "GET locks", "GET locks"]);
  expect(scene.logger.texts).toEqual([expect.stringContaining("does not match its name")]);
  scene.sealed.files.set(`locks/${id}`, whole);
  expect(await scene.after(15)).toMatchObject({ "locks shared": 1, unreadable_locks: 0 });
});

test("other names in the folder are no locks", async () => {
  const scene = new LockScene();
  scene.sealed.files.set(`locks/${"a".repeat(64)}-tmp-1`, Buffer.from("x"));
  scene.sealed.files.set("locks/.DS_Store", Buffer.from("x"));
  expect(await scene.after(0)).toMatchObject({ "locks shared": 0, unreadable_locks: 0 });
  expect(scene.calls).toEqual(["LIST locks"]);
});

test("a lock without fields is a shared lock of the year 1", async () => {
  const scene = new LockScene();
  scene.lockText("{}");
  await scene.after(0);
  expect(await scene.after(15)).toMatchObject({ "locks shared": 1, "stale_locks shared": 1 });
});

test("of 10,000 locks 1,000 are read, each once; the others count as unreadable", async () => {
  const scene = new LockScene();
  const ids = Array.from({ length: 1000 }, (_, pid) => scene.lock({ pid, exclusive: true }));
  const others = Array.from({ length: 9000 }, (_, index) => String(index).padStart(64, "f"));
  for (const id of others) scene.sealed.files.set(`locks/${id}`, Buffer.of(1));
  expect(await scene.after(0)).toMatchObject({ "locks exclusive": 1000, unreadable_locks: 9000 });
  expect(scene.calls).toHaveLength(1001);
  expect(scene.logger.texts).toEqual([
    'warn 9000 unreadable lock files: only 1000 are read {"url":"/r"}',
  ]);
  await scene.after(15);
  expect(scene.calls).toEqual(["LIST locks"]);
  scene.logger.clear();
  // All become stale in one look.
  expect(await scene.after(30)).toMatchObject({ "stale_locks exclusive": 1000 });
  expect(scene.logger.texts).toHaveLength(101);
  expect(scene.logger.texts.at(-1)).toContain("900 more locks became stale or ended");
  for (const id of [...ids.slice(5), ...others]) scene.unlock(id);
  expect(await scene.after(15)).toMatchObject({ "locks exclusive": 5, unreadable_locks: 0 });
});

test("names that look alike are different holders, whatever their letters are", async () => {
  const scene = new LockScene();
  scene.lock({ hostname: 'a","b', username: "c" });
  scene.lock({ hostname: "a", username: 'b","c' });
  scene.lock({ hostname: "x\u0000\n\ud800" });
  expect(await scene.after(0)).toMatchObject({ "locks shared": 3 });
});

test("a repository of version 1 has plain locks", async () => {
  const scene = new LockScene();
  scene.sealed = new SealedRepository("right", 1);
  scene.lock();
  expect(await scene.after(0)).toMatchObject({ "locks shared": 1 });
});

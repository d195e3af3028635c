import { expect, test } from "vitest";

import { AgentError } from "../../../instrumentation/core/error.ts";
import { settle } from "../../support/core/clock.ts";
import { SealedRepository } from "../../support/repository/sealed-repository.ts";
import { LockScene, MINUTE } from "../../support/repository/lock-scene.ts";

const NO_LOCKS = {
  "locks shared": 0,
  "locks exclusive": 0,
  "stale_locks shared": 0,
  "stale_locks exclusive": 0,
  unreadable_locks: 0,
};

test("without the setting locks are not listed, and have no series", async () => {
  const scene = new LockScene();
  scene.reopen(undefined);
  scene.lock();
  expect(await scene.after(0)).toEqual({});
  expect(scene.calls).toEqual([]);
});

test("a look sends one LIST and a GET for each new lock, and only when it is due", async () => {
  const scene = new LockScene();
  scene.lock();
  scene.lock({ hostname: "db" });
  expect(await scene.after(0)).toEqual({
    ...NO_LOCKS,
    "locks shared": 2,
    "held_since shared": 0,
  });
  expect(scene.calls).toEqual(["LIST locks", "GET locks", "GET locks"]);
  await scene.after(5);
  await scene.after(5);
  expect(scene.calls).toEqual([]);
  scene.lock({ hostname: "late" });
  // A collection may begin a little earlier than the interval says.
  await scene.after(4.9);
  expect(scene.calls).toEqual(["LIST locks", "GET locks"]);
  await scene.after(15);
  expect(scene.calls).toEqual(["LIST locks"]);
  expect(scene.state?.lastRequests).toBe(2);
});

test("a lock that is not refreshed is stale after 30 minutes, and gone when it is", async () => {
  const scene = new LockScene();
  const id = scene.lock();
  await scene.after(0);
  expect(await scene.after(15)).toMatchObject({ "stale_locks shared": 0 });
  expect(await scene.after(15)).toMatchObject({ "stale_locks shared": 0 });
  expect(scene.logger.texts).toEqual([]);
  expect(await scene.after(15)).toMatchObject({
    "locks shared": 1,
    "stale_locks shared": 1,
    "held_since shared": 0,
  });
  await scene.after(15);
  scene.unlock(id);
  expect(await scene.after(15)).toEqual(NO_LOCKS);
  expect(scene.logger.texts).toEqual([
    'warn a lock is stale {"url":"/r","kind":"shared","host":"web","user":"root","pid":7,"seenFor":"45m","age":"45m"}',
    'info a stale lock is gone {"url":"/r","kind":"shared","host":"web","user":"root","pid":7,"seenFor":"1h15m","age":"1h15m"}',
  ]);
});

test("an old lock is stale only after a second look at least 10 minutes later", async () => {
  const scene = new LockScene(MINUTE);
  scene.lock({ exclusive: true, time: scene.clock.now() - 300 * MINUTE });
  expect(await scene.after(0)).toMatchObject({ "stale_locks exclusive": 0 });
  expect(await scene.after(9)).toMatchObject({ "stale_locks exclusive": 0 });
  expect(await scene.after(1)).toMatchObject({
    "stale_locks exclusive": 1,
    "held_since exclusive": 0,
  });
});

// The test writes the locks: restic refreshes a lock after five minutes, and the clock of a static Go program cannot be set. The test
// `test/peers/backends/locks.test.ts` shows that restic respects these locks.
test("a clock that is 40 minutes slow makes no lock stale that is refreshed", async () => {
  const scene = new LockScene();
  let id = scene.lock({ time: scene.clock.now() - 40 * MINUTE });
  await scene.after(0);
  for (let look = 1; look <= 5; look++) {
    // The agent sees the third refresh: restic deletes the file before.
    scene.unlock(id);
    id = scene.lock({ time: scene.clock.now() - 26 * MINUTE });
    expect(await scene.after(15)).toMatchObject({
      "locks shared": 1,
      "stale_locks shared": 0,
      "held_since shared": 0,
    });
  }
  // Its process is killed.
  expect(await scene.after(15)).toMatchObject({ "stale_locks shared": 1 });
});

test("a stale lock that is refreshed is stale no more, also by a clock that was set back", async () => {
  const scene = new LockScene();
  const id = scene.lock();
  await scene.after(0);
  await scene.after(45);
  scene.lock({ time: scene.clock.now() - 600 * MINUTE });
  scene.unlock(id);
  scene.logger.clear();
  expect(await scene.after(15)).toMatchObject({
    "locks shared": 1,
    "stale_locks shared": 0,
    "held_since shared": 0,
  });
  expect(scene.logger.texts).toEqual([expect.stringMatching(/^info a stale lock was refreshed /)]);
});

test("two files of one process are one lock, and its newest time counts", async () => {
  const scene = new LockScene();
  scene.lock({ time: scene.clock.now() - 50 * MINUTE });
  scene.lock();
  await scene.after(0);
  expect(await scene.after(15)).toMatchObject({ "locks shared": 1, "stale_locks shared": 0 });
});

test("processes that differ in one of host, pid, user and kind hold locks of their own", async () => {
  const scene = new LockScene();
  scene.lock();
  scene.lock({ hostname: "db" });
  scene.lock({ pid: 8 });
  scene.lock({ username: "www" });
  scene.lock({ exclusive: true });
  expect(await scene.after(0)).toMatchObject({ "locks shared": 4, "locks exclusive": 1 });
});

test("locks that vanish before they are read are gone, and empty files are none", async () => {
  const scene = new LockScene();
  const gone = scene.lock();
  scene.sealed.addFile("locks", Buffer.alloc(0));
  scene.before = (call) => {
    if (call === "GET locks") scene.unlock(gone);
  };
  expect(await scene.after(0)).toEqual(NO_LOCKS);
  expect(scene.logger.texts).toEqual([]);
});

test("a failing look fails no backup set, keeps what was known, and is logged once", async () => {
  const scene = new LockScene();
  const down = new AgentError("denied", "403 for locks/");
  let isDown = true;
  scene.before = (call) => {
    if (isDown && call === "LIST locks") throw down;
  };
  const first = await scene.collect();
  expect(first).toMatchObject({ complete: true, error: undefined });
  expect(first.state.content?.sets).toHaveLength(1);
  expect(scene.metrics()).toEqual({});
  isDown = false;
  scene.lock();
  const known = await scene.after(15);
  expect(known).toMatchObject({ "locks shared": 1 });
  isDown = true;
  expect(await scene.after(15)).toEqual(known);
  expect(await scene.after(15)).toEqual(known);
  expect(scene.logger.texts).toEqual([
    'warn the locks cannot be read {"url":"/r","error":"403 for locks/"}',
    'info the locks can be read again {"url":"/r"}',
    'warn the locks cannot be read {"url":"/r","error":"403 for locks/"}',
  ]);
});

test("a storage that goes away during the look keeps what was known", async () => {
  const scene = new LockScene();
  scene.lock();
  const known = await scene.after(0);
  for (let pid = 100; pid < 150; pid++) scene.lock({ pid });
  scene.before = (call) => {
    if (call === "GET locks") throw new AgentError("unreachable", "reset", { transient: true });
  };
  expect(await scene.after(15)).toEqual(known);
  expect(scene.calls.length).toBeLessThan(10);
});

test("a look that takes too long ends, and the backup sets are published", async () => {
  const scene = new LockScene();
  await scene.collect();
  scene.hangs = true;
  await scene.clock.advance(15 * MINUTE);
  const reading = scene.collect();
  while (scene.clock.sleeping === 0) await settle();
  await scene.clock.advance(30_000);
  expect(await reading).toMatchObject({ complete: true, error: undefined });
  expect(scene.logger.texts).toEqual([
    'warn the locks cannot be read {"url":"/r","error":"reading the locks took over 30s"}',
  ]);
});

test("a failed collection keeps the locks", async () => {
  const scene = new LockScene();
  scene.lock();
  const known = await scene.after(0);
  scene.before = (call) => {
    if (call === "LIST snapshots") throw new AgentError("unreachable", "connection refused");
  };
  expect(await scene.after(15)).toEqual(known);
  expect(scene.calls).toEqual([]);
});

test("the locks of another repository at the URL are new ones", async () => {
  const scene = new LockScene();
  scene.lock();
  await scene.after(0);
  scene.sealed = new SealedRepository("right");
  scene.sealed.addSnapshot({ time: "2024-06-01T12:00:00Z", hostname: "h", username: "u" });
  scene.lock();
  expect(await scene.after(15)).toMatchObject({ "locks shared": 1, "held_since shared": 15 });
});

test("locks survive a reload of the settings", async () => {
  const scene = new LockScene();
  scene.lock();
  await scene.after(0);
  scene.reopen(10 * MINUTE);
  expect(await scene.after(45)).toMatchObject({ "stale_locks shared": 1, "held_since shared": 0 });
  expect(scene.calls).toEqual(["LIST locks"]);
  scene.reopen(undefined);
  expect(await scene.after(15)).toEqual({});
});

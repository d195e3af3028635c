import { expect, test } from "vitest";

import { LockScene, MINUTE } from "../../support/repository/lock-scene.ts";

test("a lock that was first seen while the clock of the agent was ahead is held since that clock is right", async () => {
  const scene = new LockScene();
  scene.lock();
  const year = 365 * 24 * 60 * MINUTE;
  scene.clock.step(year);
  expect(await scene.after(0)).toMatchObject({ "stale_locks shared": 0 });
  scene.clock.step(-year);
  expect(await scene.after(15)).toMatchObject({ "held_since shared": 15, "stale_locks shared": 0 });
  expect(await scene.after(30)).toMatchObject({ "held_since shared": 15, "stale_locks shared": 1 });
});

test.for([true, false])(
  "a lock is not held for a year because the clock of the agent is a year behind in one look (refreshed: %s)",
  async (isRefreshed) => {
    const scene = new LockScene();
    let id = scene.lock();
    await scene.after(1);
    const year = 365 * 24 * 60 * MINUTE;
    for (const step of [-year, year]) {
      if (isRefreshed) {
        scene.unlock(id);
        id = scene.lock({ time: Math.max(scene.clock.now(), scene.clock.now() - step) });
      }
      scene.clock.step(step);
      expect(await scene.after(15)).toMatchObject({ "held_since shared": 1 });
    }
  },
);

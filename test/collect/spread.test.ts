import { expect, test } from "vitest";

import { settle } from "../support/core/clock.ts";
import { collectorBench, MINUTES, START } from "../support/agent/collector.ts";
import { ManualSource } from "../support/agent/source.ts";

const NAMES = Array.from({ length: 100 }, (_, index) => `r${index}`);

/** How many sources have begun a second attempt after each tenth of the hour. */
async function begun(spread: boolean): Promise<readonly number[]> {
  const b = collectorBench();
  const sources = NAMES.map((name) => new ManualSource(name, "ok"));
  b.configure(sources, { cron: "0 * * * *", concurrency: 100, spread });
  b.collector.start();
  await settle();
  // The first collection is not spread: whoever starts an agent wants to see something.
  expect(sources.every(({ calls }) => calls === 1)).toBe(true);
  await b.clock.advance(60 * MINUTES - (START % (60 * MINUTES)));
  const counts: number[] = [];
  for (let tenth = 0; tenth < 10; tenth++) {
    counts.push(sources.filter(({ calls }) => calls === 2).length);
    await b.clock.advance(6 * MINUTES);
  }
  await b.collector.stop();
  return counts;
}

test("scheduled collections begin over four fifths of the time to the next one, at the same place each time", async () => {
  const counts = await begun(true);
  expect(counts[0]).toBe(0);
  expect(counts[4]).toBeGreaterThan(30);
  expect(counts[4]).toBeLessThan(70);
  expect(counts.slice(8)).toEqual([100, 100]);
  expect(await begun(true)).toEqual(counts);
});

test("without it they begin at once", async () => {
  expect((await begun(false))[0]).toBe(100);
});

test("what fails is tried again while others have not begun; a stop does not wait", async () => {
  const b = collectorBench();
  const down = new ManualSource("down", "unreachable");
  b.configure([down, ...NAMES.map((name) => new ManualSource(name, "ok"))], {
    cron: "0 0 * * *",
    spread: true,
  });
  b.collector.start();
  await settle();
  await b.clock.advance(24 * 60 * MINUTES - (START % (24 * 60 * MINUTES)));
  const before = down.calls;
  await b.clock.advance(60 * MINUTES);
  expect(down.calls).toBeGreaterThan(before + 2);
  expect(b.collector.collecting).toBe(true);
  await b.collector.stop();
  expect(b.collector.collecting).toBe(false);
});

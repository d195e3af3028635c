import { expect, test } from "vitest";

import { settle } from "../support/core/clock.ts";
import { collectorBench, MINUTES, START } from "../support/agent/collector.ts";
import { ManualSource } from "../support/agent/source.ts";

const NAMES = Array.from({ length: 100 }, (_, index) => `r${index}`);

/** Number of sources that have started their second attempt at each tenth of the interval of an hour. */
async function startedByTenth(spread: boolean): Promise<readonly number[]> {
  const b = collectorBench();
  const sources = NAMES.map((name) => new ManualSource(name, "ok"));
  b.configure(sources, { cron: "0 * * * *", concurrency: 100, spread });
  b.collector.start();
  await settle();
  // The first collection is not spread, so that a new agent shows results at once.
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

test("sources of a scheduled collection start over 80 % of the interval, each at the same offset every time", async () => {
  const counts = await startedByTenth(true);
  expect(counts[0]).toBe(0);
  expect(counts[4]).toBeGreaterThan(30);
  expect(counts[4]).toBeLessThan(70);
  expect(counts.slice(8)).toEqual([100, 100]);
  expect(await startedByTenth(true)).toEqual(counts);
});

test("without spread they start at once", async () => {
  expect((await startedByTenth(false))[0]).toBe(100);
});

test("failed sources are retried while others have not started; stop does not wait for those", async () => {
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

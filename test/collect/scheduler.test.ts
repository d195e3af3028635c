import { expect, test } from "vitest";
import { Scheduler } from "../../instrumentation/collect/scheduler.ts";
import { parseSchedule } from "../../instrumentation/collect/schedule.ts";
import { FakeClock } from "../support/core/clock.ts";
import { HOURS, MINUTES, SECONDS, START } from "../support/agent/collector.ts";

interface Bench {
  readonly clock: FakeClock;
  readonly scheduler: Scheduler;
  /** The times of the wall clock, since START, when something was due. */
  readonly due: number[];
}

function bench(cron: string, timezone = "UTC", start = START): Bench {
  const clock = new FakeClock(start);
  const due: number[] = [];
  const scheduler = new Scheduler(clock, {
    onDue: () => due.push(clock.now() - start),
    onTick: () => Infinity,
  });
  scheduler.start(parseSchedule(cron, timezone));
  return { clock, scheduler, due };
}

test("the loop ends with stop and leaves nothing behind", async () => {
  const { clock, scheduler, due } = bench("@hourly");
  await clock.advance(90 * MINUTES);
  await scheduler.stop();
  await clock.advance(HOURS);
  expect([due, clock.sleeping, scheduler.nextAt]).toEqual([[HOURS], 0, undefined]);
});

test("what was missed by a suspended machine is made up once, within 30 s", async () => {
  const { clock, scheduler, due } = bench("@hourly");
  await clock.advance(MINUTES);
  clock.step(5 * HOURS);
  await clock.advance(30 * SECONDS);
  expect(due).toEqual([5 * HOURS + 90 * SECONDS]);
  await clock.advance(HOURS);
  expect(due).toEqual([5 * HOURS + 90 * SECONDS, 6 * HOURS]);
  await scheduler.stop();
});

test.for(["@hourly", "@every 1h"])(
  "a clock that was a year ahead does not stall: %s",
  async (cron) => {
    const { clock, scheduler, due } = bench(cron);
    await clock.advance(30 * MINUTES);
    clock.step(-365 * 24 * HOURS);
    await clock.advance(30 * SECONDS);
    expect((scheduler.nextAt ?? Infinity) - clock.now()).toBeLessThanOrEqual(HOURS);
    await clock.advance(HOURS);
    expect(due).toHaveLength(1);
    await scheduler.stop();
  },
);

test("a clock that is set back a little does not make the same time come twice", async () => {
  const { clock, scheduler, due } = bench("@hourly");
  await clock.advance(HOURS);
  clock.step(-50 * SECONDS);
  await clock.advance(HOURS);
  expect(due).toEqual([HOURS]);
  await clock.advance(50 * SECONDS);
  expect(due).toEqual([HOURS, 2 * HOURS]);
  await scheduler.stop();
});

test("a clock that is set back again and again makes no storm", async () => {
  const { clock, scheduler, due } = bench("* * * * *");
  for (let step = 0; step < 60; step += 1) {
    await clock.advance(MINUTES);
    clock.step(-5 * MINUTES);
  }
  expect(due.length).toBeLessThanOrEqual(60);
  expect(due.length).toBeGreaterThan(30);
  await scheduler.stop();
});

test("where clocks are changed, a daily time comes once a day", async () => {
  // 28 March 2026 12:00 in Berlin; on the 29th there is no 02:30.
  const noon = START + (31 + 28 + 27) * 24 * HOURS + 11 * HOURS;
  const { clock, scheduler, due } = bench("30 2 * * *", "Europe/Berlin", noon);
  await clock.advance(3 * 24 * HOURS);
  expect(due).toEqual([14 * HOURS, 37.5 * HOURS, 61.5 * HOURS]);
  await scheduler.stop();
});

test("between is called when it asked for it, at the latest after 30 s", async () => {
  const clock = new FakeClock();
  const calls: number[] = [];
  const waits = [1000, 500, Infinity, 1e9];
  const scheduler = new Scheduler(clock, {
    onDue: () => undefined,
    onTick: () => {
      calls.push(clock.monotonicMs());
      return waits.shift() ?? Infinity;
    },
  });
  scheduler.start(parseSchedule("@yearly", "UTC"));
  await clock.advance(62 * SECONDS);
  expect(calls).toEqual([0, 1000, 1500, 31_500, 61_500]);
  await scheduler.stop();
});

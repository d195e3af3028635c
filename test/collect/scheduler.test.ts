import { expect, test } from "vitest";
import { Scheduler } from "../../instrumentation/collect/scheduler.ts";
import { parseSchedule } from "../../instrumentation/collect/schedule.ts";
import { FakeClock } from "../support/core/clock.ts";
import { HOURS, MINUTES, SECONDS, START } from "../support/agent/collector.ts";

interface StartedScheduler {
  readonly clock: FakeClock;
  readonly scheduler: Scheduler;
  /** Wall-clock times of the calls of `onDue`, milliseconds since `start`. */
  readonly due: number[];
}

function startScheduler(cron: string, timezone = "UTC", start = START): StartedScheduler {
  const clock = new FakeClock(start);
  const due: number[] = [];
  const scheduler = new Scheduler(clock, {
    onDue: () => due.push(clock.now() - start),
    onTick: () => Infinity,
  });
  scheduler.start(parseSchedule(cron, timezone));
  return { clock, scheduler, due };
}

test("stop ends the loop and its sleep", async () => {
  const { clock, scheduler, due } = startScheduler("@hourly");
  await clock.advance(90 * MINUTES);
  await scheduler.stop();
  await clock.advance(HOURS);
  expect([due, clock.sleeping, scheduler.nextAt]).toEqual([[HOURS], 0, undefined]);
});

test("times missed while the machine was suspended are due once, within 30 s", async () => {
  const { clock, scheduler, due } = startScheduler("@hourly");
  await clock.advance(MINUTES);
  clock.step(5 * HOURS);
  await clock.advance(30 * SECONDS);
  expect(due).toEqual([5 * HOURS + 90 * SECONDS]);
  await clock.advance(HOURS);
  expect(due).toEqual([5 * HOURS + 90 * SECONDS, 6 * HOURS]);
  await scheduler.stop();
});

test.for(["@hourly", "@every 1h"])(
  "%s continues after a clock that was a year ahead is corrected",
  async (cron) => {
    const { clock, scheduler, due } = startScheduler(cron);
    await clock.advance(30 * MINUTES);
    clock.step(-365 * 24 * HOURS);
    await clock.advance(30 * SECONDS);
    expect((scheduler.nextAt ?? Infinity) - clock.now()).toBeLessThanOrEqual(HOURS);
    await clock.advance(HOURS);
    expect(due).toHaveLength(1);
    await scheduler.stop();
  },
);

test("a clock that is set back by less than a minute does not make a time due twice", async () => {
  const { clock, scheduler, due } = startScheduler("@hourly");
  await clock.advance(HOURS);
  clock.step(-50 * SECONDS);
  await clock.advance(HOURS);
  expect(due).toEqual([HOURS]);
  await clock.advance(50 * SECONDS);
  expect(due).toEqual([HOURS, 2 * HOURS]);
  await scheduler.stop();
});

test("a clock that is set back repeatedly causes at most one due time a minute", async () => {
  const { clock, scheduler, due } = startScheduler("* * * * *");
  for (let step = 0; step < 60; step += 1) {
    await clock.advance(MINUTES);
    clock.step(-5 * MINUTES);
  }
  expect(due.length).toBeLessThanOrEqual(60);
  expect(due.length).toBeGreaterThan(30);
  await scheduler.stop();
});

test("a daily time is due once a day, also when daylight saving time begins", async () => {
  // 28 March 2026 12:00 in Berlin; on the 29th there is no 02:30.
  const noon = START + (31 + 28 + 27) * 24 * HOURS + 11 * HOURS;
  const { clock, scheduler, due } = startScheduler("30 2 * * *", "Europe/Berlin", noon);
  await clock.advance(3 * 24 * HOURS);
  expect(due).toEqual([14 * HOURS, 37.5 * HOURS, 61.5 * HOURS]);
  await scheduler.stop();
});

test("onTick is called after the time that it returned, and at least every 30 s", async () => {
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

import { expect, test } from "vitest";
import { settle } from "../support/core/clock.ts";
import { collectorBench, HOURS, MINUTES, SECONDS, START } from "../support/agent/collector.ts";
import { ManualSource } from "../support/agent/source.ts";

test.for(["unreachable", "timeout", "secret"] as const)(
  "the error %s is retried after 1, 2, 4, 8, 15, 15 minutes",
  async (code) => {
    const b = collectorBench();
    const source = new ManualSource("a", code);
    const healthy = new ManualSource("healthy", "ok");
    b.configure([source, healthy], { cron: "0 12 * * *" });
    b.collector.start();
    await settle();
    const waits: number[] = [];
    for (let minutes = 0; waits.length < 6; minutes += 1) {
      const { calls } = source;
      await b.clock.advance(MINUTES - 1);
      expect(source.calls).toBe(calls);
      await b.clock.advance(1);
      if (source.calls > calls) waits.push(minutes + 1);
    }
    expect(waits).toEqual([1, 3, 7, 15, 30, 45]);
    expect(healthy.calls).toBe(1);
    expect(b.collector.store.job).toEqual({ finishedAt: START });
    expect(b.collector.nextAt()).toBe(START + 12 * HOURS);

    source.script = "ok";
    await b.clock.advance(15 * MINUTES);
    expect(b.stored()).toEqual({ a: `state ${source.calls}`, healthy: "state 1" });
    const { calls } = source;
    await b.clock.advance(HOURS);
    expect(source.calls).toBe(calls);

    // After a success, the next failure is retried after one minute again.
    source.script = code;
    await b.collector.collect();
    await b.clock.advance(MINUTES);
    expect(source.calls).toBe(calls + 2);
    await b.collector.stop();
  },
);

test.for(["denied", "not_found", "wrong_password", "corrupt", "config", "other"] as const)(
  "the error %s is not retried",
  async (code) => {
    const b = collectorBench();
    const source = new ManualSource("a", code);
    b.configure([source]);
    b.collector.start();
    await b.clock.advance(23 * HOURS);
    expect(source.calls).toBe(1);
    await b.collector.stop();
  },
);

test("the pause before a retry counts from the end of the last attempt", async () => {
  const b = collectorBench();
  const source = new ManualSource("a");
  b.configure([source], { timeoutMs: 3 * MINUTES });
  b.collector.start();
  await b.clock.advance(4 * MINUTES - 1);
  expect(source.calls).toBe(1);
  await b.clock.advance(1);
  expect(source.calls).toBe(2);
  await b.collector.stop();
});

test("a failed source is retried while another one still runs in the same collection", async () => {
  const b = collectorBench();
  const down = new ManualSource("down", "unreachable");
  const slow = new ManualSource("slow");
  b.configure([slow, down]);
  b.collector.start();
  await settle();
  down.script = "ok";
  await b.clock.advance(MINUTES);
  expect(b.stored()).toEqual({ down: "state 2" });
  slow.answer({ state: "s", complete: true });
  await settle();
  expect(b.collector.store.job).toEqual({ finishedAt: START + MINUTES });
  await b.collector.stop();
});

test("a change of retryFailed applies at once", async () => {
  const b = collectorBench();
  const source = new ManualSource("a", "unreachable");
  b.configure([source], { retryFailed: false });
  b.collector.start();
  await b.clock.advance(HOURS);
  expect(source.calls).toBe(1);
  b.configure([source], { retryFailed: true });
  await settle();
  expect(source.calls).toBe(2);
  b.configure([source], { retryFailed: false });
  await b.clock.advance(HOURS);
  expect(source.calls).toBe(2);
  await b.collector.stop();
});

test("a collection joins a running retry", async () => {
  const b = collectorBench();
  const source = new ManualSource("a", "unreachable");
  b.configure([source]);
  b.collector.start();
  await settle();
  source.script = undefined;
  await b.clock.advance(MINUTES + SECONDS);
  expect(source.calls).toBe(2);
  const job = b.collector.collect();
  await b.clock.advance(SECONDS);
  expect(source.calls).toBe(2);
  source.answer({ state: "s", complete: true });
  expect(await job).toEqual({ finishedAt: START + MINUTES + 2 * SECONDS, failed: 0, total: 1 });
  await b.collector.stop();
});

test("a collection does not wait for hanging or queued retries", async () => {
  const b = collectorBench();
  const down = ["a", "b", "c", "d"].map((name) => new ManualSource(name, "unreachable"));
  const healthy = new ManualSource("z", "ok");
  b.configure([...down, healthy], { concurrency: 1 });
  b.collector.start();
  await settle();
  for (const source of down) source.script = undefined;
  await b.clock.advance(MINUTES);
  // At most one retry runs: one hangs, three are queued.
  expect(down.map(({ calls }) => calls)).toEqual([2, 1, 1, 1]);

  for (const source of down.slice(1)) source.script = "ok";
  const job = b.collector.collect();
  await settle();
  expect(down.map(({ calls }) => calls)).toEqual([2, 2, 2, 2]);
  expect(healthy.calls).toBe(2);
  await b.clock.advance(10 * MINUTES);
  expect(await job).toEqual({ finishedAt: START + 6 * MINUTES, failed: 1, total: 5 });
  expect(down.slice(1).map(({ calls }) => calls)).toEqual([2, 2, 2]);
  await b.collector.stop();
});

test("retries do not repeat a hanging call, and recover after it returned", async () => {
  const b = collectorBench();
  const source = new ManualSource("a");
  source.deaf = true;
  b.configure([source]);
  b.collector.start();
  await b.clock.advance(HOURS);
  expect(source.calls).toBe(1);
  expect(b.logger.texts.filter((text) => text.startsWith("warn"))).toHaveLength(1);
  source.answer({ state: "late", complete: true });
  source.script = "ok";
  await b.clock.advance(15 * MINUTES);
  expect(b.stored()).toEqual({ a: "state 2" });
  await b.collector.stop();
});

test("a source that waits for its place in a collection is not retried", async () => {
  const b = collectorBench();
  const slow = new ManualSource("slow", "ok");
  const down = new ManualSource("down", "unreachable");
  b.configure([slow, down], { concurrency: 1 });
  b.collector.start();
  await b.clock.advance(30 * SECONDS);
  slow.script = undefined;
  const job = b.collector.collect();
  await b.clock.advance(2 * MINUTES);
  expect(down.calls).toBe(1);
  slow.answer({ state: "s", complete: true });
  expect(await job).toMatchObject({ failed: 1 });
  expect(down.calls).toBe(2);
  await b.collector.stop();
});

import { expect, test } from "vitest";
import { settle } from "../support/core/clock.ts";
import { collectorBench, HOURS, MINUTES, SECONDS, START } from "../support/agent/collector.ts";
import { ManualSource } from "../support/agent/source.ts";

test("configured sources apply from the next collection, which deletes removed ones from the store at its start", async () => {
  const b = collectorBench();
  const a = new ManualSource("a", "ok");
  const old = new ManualSource("old", "ok");
  b.configure([a, old]);
  await b.collector.collect();
  const added = new ManualSource("added");
  b.configure([a, added]);
  expect(b.stored()).toEqual({ a: "state 1", old: "state 1" });
  const job = b.collector.collect();
  expect(b.stored()).toEqual({ a: "state 1" });
  await settle();
  expect(b.stored()).toEqual({ a: "state 2" });
  added.answer({ state: "s", complete: true });
  expect(await job).toMatchObject({ total: 2 });
  expect(b.stored()).toEqual({ a: "state 2", added: "s" });
  expect(old.calls).toBe(1);
});

test("a change during a collection does not affect that collection", async () => {
  const b = collectorBench();
  const removed = new ManualSource("removed");
  b.configure([removed]);
  const job = b.collector.collect();
  await settle();
  b.configure([]);
  removed.answer({ state: "s", complete: true });
  expect(await job).toMatchObject({ total: 1 });
  expect(b.stored()).toEqual({ removed: "s" });
  await b.collector.collect();
  expect(b.stored()).toEqual({});
});

test.for([false, true])(
  "a running retry of a removed source is not recorded (source ignores its abort: %s)",
  async (deaf) => {
    const b = collectorBench();
    const source = new ManualSource("a", "unreachable");
    b.configure([source]);
    b.collector.start();
    await settle();
    source.script = undefined;
    source.deaf = deaf;
    await b.clock.advance(MINUTES);
    expect(source.calls).toBe(2);
    b.configure([]);
    expect(await b.collector.collect()).toMatchObject({ total: 0 });
    source.answer({ state: "back again", complete: true });
    await b.clock.advance(HOURS);
    expect(b.stored()).toEqual({});
    expect(source.calls).toBe(2);
    await b.collector.stop();
  },
);

test("a new source with the same subject is collected at once, and receives the stored state", async () => {
  const b = collectorBench();
  const former = new ManualSource("a", "ok");
  b.configure([former]);
  b.collector.start();
  await settle();
  former.script = "unreachable";
  await b.collector.collect();
  former.script = undefined;
  await b.clock.advance(MINUTES);
  expect(former.calls).toBe(3);
  const latter = new ManualSource("a", "ok");
  b.configure([latter]);
  expect(await b.collector.collect()).toMatchObject({ failed: 0 });
  expect(latter.previous).toEqual(["state 1"]);
  await b.collector.stop();
});

test("changed limits apply from the next collection", async () => {
  const b = collectorBench();
  const sources = ["a", "b", "c"].map((name) => new ManualSource(name));
  b.configure(sources, { concurrency: 1, timeoutMs: MINUTES, retryFailed: false });
  const first = b.collector.collect();
  b.configure(sources, { concurrency: 3, timeoutMs: 2 * MINUTES, retryFailed: false });
  await settle();
  expect(sources.map(({ calls }) => calls)).toEqual([1, 0, 0]);
  await b.clock.advance(3 * MINUTES);
  expect(await first).toMatchObject({ finishedAt: START + 3 * MINUTES, failed: 3 });
  const second = b.collector.collect();
  await b.clock.advance(2 * MINUTES);
  expect(await second).toMatchObject({ finishedAt: START + 5 * MINUTES, failed: 3 });
});

test("ready waits for sources added before the first collection; later ones do not reset it", async () => {
  const b = collectorBench();
  b.configure([new ManualSource("a", "ok")]);
  const added = new ManualSource("b", "denied");
  b.configure([new ManualSource("a", "ok"), added]);
  expect(b.collector.ready).toBe(false);
  await b.collector.collect();
  expect(b.collector.ready).toBe(true);
  b.configure([new ManualSource("c")]);
  const job = b.collector.collect();
  await settle();
  expect(b.collector.ready).toBe(true);
  await b.clock.advance(5 * MINUTES);
  await job;
});

test("a changed schedule applies at once", async () => {
  const b = collectorBench();
  const source = new ManualSource("a", "ok");
  b.configure([source]);
  b.collector.start();
  await b.clock.advance(HOURS);
  b.configure([source], { cron: "*/5 * * * * *" });
  expect(b.collector.nextAt()).toBe(START + HOURS + 5 * SECONDS);
  await b.clock.advance(10 * SECONDS);
  expect(source.calls).toBe(3);
  b.configure([source], { cron: "0 6 * * *" });
  await b.clock.advance(4 * HOURS);
  expect(source.calls).toBe(3);
  expect(b.collector.nextAt()).toBe(START + 6 * HOURS);
  await b.collector.stop();
});

test("reloads do not postpone the next collection of an @every schedule", async () => {
  const b = collectorBench();
  const source = new ManualSource("a", "ok");
  b.configure([source], { cron: "@every 10m" });
  b.collector.start();
  for (let reload = 0; reload < 10; reload += 1) {
    await b.clock.advance(3 * MINUTES);
    b.configure([source], { cron: "@every 10m" });
  }
  await settle();
  expect(source.calls).toBe(4);
  await b.collector.stop();
});

test("the retries of a source that was removed and added again start at one minute", async () => {
  const b = collectorBench();
  const source = new ManualSource("a", "unreachable");
  b.configure([source]);
  b.collector.start();
  await b.clock.advance(20 * MINUTES);
  b.configure([]);
  await b.collector.collect();
  b.configure([source]);
  await b.collector.collect();
  const { calls } = source;
  await b.clock.advance(MINUTES);
  expect(source.calls).toBe(calls + 1);
  await b.collector.stop();
});

test("a queued retry whose source is removed does not run", async () => {
  for (let turns = 0; turns < 30; turns += 1) {
    const b = collectorBench();
    const hanging = new ManualSource("a", "unreachable");
    const queued = new ManualSource("b", "unreachable");
    b.configure([hanging, queued], { concurrency: 1 });
    b.collector.start();
    await settle();
    hanging.script = undefined;
    await b.clock.advance(MINUTES);
    expect([hanging.calls, queued.calls]).toEqual([2, 1]);
    hanging.answer({ state: "s", complete: true });
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    const { calls } = queued;
    b.configure([]);
    await b.collector.collect();
    await settle();
    expect([b.stored(), queued.calls]).toEqual([{}, calls]);
    await b.collector.stop();
  }
});

import { expect, test } from "vitest";
import { AgentError } from "../../instrumentation/core/error.ts";
import { settle } from "../support/core/clock.ts";
import { collectorBench, HOURS, MINUTES, SECONDS, START } from "../support/agent/collector.ts";
import { ManualSource } from "../support/agent/source.ts";

const DAY = 24 * HOURS;

test("collects at start, then on the schedule", async () => {
  const b = collectorBench();
  const source = new ManualSource("a", "ok");
  b.configure([source], { cron: "0 6 * * *" });
  b.collector.start();
  await settle();
  expect([source.calls, b.collector.nextAt()]).toEqual([1, START + 6 * HOURS]);
  await b.clock.advance(6 * HOURS - 1);
  expect(source.calls).toBe(1);
  await b.clock.advance(1);
  expect([source.calls, b.collector.nextAt()]).toEqual([2, START + 30 * HOURS]);
  await b.clock.advance(3 * DAY);
  expect(source.calls).toBe(5);
  await b.collector.stop();
});

test("each source updates the store when it finishes; the collection ends with the last one", async () => {
  const b = collectorBench();
  const fast = new ManualSource("fast", "ok");
  const slow = new ManualSource("slow");
  const down = new ManualSource("down", "unreachable");
  b.configure([slow, fast, down]);
  expect(b.collector.ready).toBe(false);
  const job = b.collector.collect();
  await settle();
  expect(b.stored()).toEqual({ down: undefined, fast: "state 1" });
  expect([b.collector.collecting, b.collector.ready, b.collector.store.job]).toEqual([
    true,
    false,
    undefined,
  ]);
  await b.clock.advance(2 * MINUTES);
  slow.answer({ state: "slow state", complete: true });
  const finishedAt = START + 2 * MINUTES;
  expect(await job).toEqual({ finishedAt, failed: 1, total: 3 });
  expect(b.stored()).toEqual({ down: undefined, fast: "state 1", slow: "slow state" });
  expect(b.collector.store.job).toEqual({ finishedAt });
  expect([b.collector.collecting, b.collector.ready]).toEqual([false, true]);
});

test("a source that does not return blocks its place in the limiter only until its time limit", async () => {
  const b = collectorBench();
  const dead = new ManualSource("dead");
  dead.deaf = true;
  const next = new ManualSource("next", "ok");
  b.configure([dead, next], { concurrency: 1, timeoutMs: MINUTES });
  const job = b.collector.collect();
  await b.clock.advance(MINUTES + 1999);
  expect(next.calls).toBe(0);
  await b.clock.advance(1);
  expect(next.calls).toBe(1);
  expect(await job).toMatchObject({ failed: 1, total: 2 });
  // The hanging call is not repeated, so the other source does not wait.
  expect(await b.collector.collect()).toMatchObject({ failed: 1, total: 2 });
  expect([dead.calls, next.calls]).toEqual([1, 2]);
});

test("runs at most `concurrency` sources in parallel", async () => {
  const b = collectorBench();
  const sources = ["a", "b", "c", "d", "e"].map((name) => new ManualSource(name));
  b.configure(sources, { concurrency: 2 });
  const job = b.collector.collect();
  const calls = (): number => sources.reduce((sum, source) => sum + source.calls, 0);
  const seen: number[] = [];
  for (const source of sources) {
    await settle();
    seen.push(calls());
    source.answer({ state: "s", complete: true });
  }
  expect(seen).toEqual([2, 3, 4, 5, 5]);
  expect(await job).toMatchObject({ failed: 0, total: 5 });
});

test("a second collection at the same time is not started on demand, and skipped on the schedule, with a log line each", async () => {
  const b = collectorBench();
  const source = new ManualSource("a");
  b.configure([source], { cron: "* * * * *" });
  b.collector.start();
  await settle();
  b.logger.clear();
  expect(b.collector.collect()).toBeUndefined();
  await b.clock.advance(3 * MINUTES);
  expect(source.calls).toBe(1);
  expect(b.logger.texts).toEqual([
    "info a collection is already running; not starting another {}",
    "warn the last collection is still running; skipping scheduled collections {}",
  ]);
  source.answer({ state: "s", complete: true });
  await b.clock.advance(MINUTES);
  expect(source.calls).toBe(2);
  b.logger.clear();
  await b.clock.advance(2 * MINUTES);
  expect(b.logger.texts).toEqual([
    "warn the last collection is still running; skipping scheduled collections {}",
  ]);
  await b.collector.stop();
});

test("a collection is logged at level info if the number of failed sources changed, else at debug", async () => {
  const b = collectorBench();
  const source = new ManualSource("a", "ok");
  b.configure([source]);
  for (const script of ["ok", "ok", "denied", "denied", "ok"] as const) {
    source.script = script;
    await b.collector.collect();
  }
  const lines = b.logger.lines.filter(({ message }) => message === "collection finished");
  expect(lines.map(({ level, fields }) => [level, fields["failed"]])).toEqual([
    ["info", 0],
    ["debug", 0],
    ["info", 1],
    ["debug", 1],
    ["info", 0],
  ]);
});

test("a collection without sources finishes and counts", async () => {
  const b = collectorBench();
  expect(b.collector.ready).toBe(false);
  b.configure([]);
  expect(b.collector.ready).toBe(true);
  expect(await b.collector.collect()).toEqual({ finishedAt: START, failed: 0, total: 0 });
  expect(b.collector.store.job).toEqual({ finishedAt: START });
});

test("two sources with the same subject are an error", () => {
  const b = collectorBench();
  expect(() => b.configure([new ManualSource("a"), new ManualSource("a")])).toThrow(
    new AgentError("config", 'two sources have the same subject {"name":"a"}'),
  );
});

test.for([false, true])(
  "stop ends all attempts within 2 s, and no other follows (source ignores its abort: %s)",
  async (deaf) => {
    const b = collectorBench();
    const source = new ManualSource("a");
    source.deaf = deaf;
    const waiting = new ManualSource("b");
    b.configure([source, waiting], { cron: "* * * * *", concurrency: 1 });
    const job = b.collector.collect();
    b.collector.start();
    await settle();
    const stopped = b.collector.stop();
    expect(b.collector.stop()).toBe(stopped);
    await b.clock.advance(deaf ? 2 * SECONDS : 0);
    await stopped;
    expect(await job).toMatchObject({ failed: 2, total: 2 });
    expect([b.stored(), b.collector.store.job, b.collector.nextAt()]).toEqual([
      {},
      undefined,
      undefined,
    ]);
    expect(b.clock.sleeping).toBe(0);
    b.collector.start();
    expect(b.collector.collect()).toBeUndefined();
    await b.clock.advance(DAY);
    expect([source.calls, waiting.calls]).toEqual([1, 0]);
  },
);

test("stop may be called before start, and a second start does nothing", async () => {
  await collectorBench().collector.stop();
  const b = collectorBench();
  const source = new ManualSource("a", "ok");
  b.configure([source]);
  b.collector.start();
  b.collector.start();
  await b.clock.advance(DAY);
  expect(source.calls).toBe(2);
  await b.collector.stop();
});

import { expect, test } from "vitest";
import { settle } from "../support/core/clock.ts";
import { LIMIT, MINUTES, runnerBench } from "../support/agent/runner.ts";
import { ManualSource } from "../support/agent/source.ts";

test("a call that does not come back is given up, and not made again before it came back", async () => {
  const b = runnerBench();
  const source = new ManualSource("a", "ok");
  await b.runner.run(source, LIMIT);
  source.script = undefined;
  source.deaf = true;

  const stuck = b.runner.run(source, LIMIT);
  await b.clock.advance(LIMIT + 1999);
  expect(b.recorded).toHaveLength(1);
  await b.clock.advance(1);
  expect((await stuck)?.durationSeconds).toBe(302);
  expect(b.error(source)).toBe("timeout: no answer within 5m, and the call has not come back");

  await b.clock.advance(MINUTES);
  await b.runner.run(source, LIMIT);
  expect(source.calls).toBe(2);
  expect(b.error(source)).toBe(
    "timeout: the call made 6m2s ago has not come back, no other is made before",
  );

  // Another source of the same subject, after a reload, would hang in the same place.
  const other = new ManualSource("a", "ok");
  await b.runner.run(other, LIMIT);
  expect(other.calls).toBe(0);

  source.answer({ state: "too late", complete: true });
  await settle();
  expect(b.store.get(source.subject)?.state).toBe("state 1");
  source.script = "ok";
  await b.runner.run(source, LIMIT);
  expect(source.calls).toBe(3);
  expect(b.error(source)).toBe("none");
});

test("a second run joins the attempt under way", async () => {
  const b = runnerBench();
  const source = new ManualSource("a");
  const one = b.runner.run(source, LIMIT);
  expect(b.runner.current(source)).toBe(one);
  const two = b.runner.run(source, LIMIT);
  await settle();
  source.answer({ state: "s", complete: true });
  expect(await two).toBe(await one);
  expect(source.calls).toBe(1);
  expect(b.recorded).toHaveLength(1);
  expect(b.runner.current(source)).toBeUndefined();
});

test("another source of the same subject ends the attempt of the former one, then has its own", async () => {
  const b = runnerBench();
  const former = new ManualSource("a");
  const latter = new ManualSource("a", "ok");
  const one = b.runner.run(former, LIMIT);
  await settle();
  const two = b.runner.run(latter, LIMIT);
  expect(await one).toBeUndefined();
  expect((await two)?.complete).toBe(true);
  expect(b.store.get(latter.subject)?.state).toBe("state 1");
  expect(b.recorded).toHaveLength(1);
});

test.for([false, true])(
  "after stop nothing is recorded, and it is soon over (deaf: %s)",
  async (deaf) => {
    const b = runnerBench();
    const source = new ManualSource("a");
    source.deaf = deaf;
    const run = b.runner.run(source, LIMIT);
    await settle();
    const stopped = b.runner.stop();
    await b.clock.advance(deaf ? 2000 : 0);
    await stopped;
    expect(await run).toBeUndefined();
    expect(await b.runner.run(source, LIMIT)).toBeUndefined();
    expect(source.calls).toBe(1);
    expect([...b.store.entries()]).toEqual([]);
    expect(b.logger.lines).toEqual([]);
    expect(b.clock.sleeping).toBe(0);
  },
);

test("a stop within the time after a timeout records nothing either", async () => {
  const b = runnerBench();
  const source = new ManualSource("a");
  source.deaf = true;
  const run = b.runner.run(source, LIMIT);
  await b.clock.advance(LIMIT + 1000);
  const stopped = b.runner.stop();
  await b.clock.advance(1000);
  await stopped;
  expect(await run).toBeUndefined();
  expect([...b.store.entries()]).toEqual([]);
});

test("another source of the same subject does not enter where the former one hangs", async () => {
  const b = runnerBench();
  const former = new ManualSource("a");
  former.deaf = true;
  const latter = new ManualSource("a", "ok");
  const one = b.runner.run(former, LIMIT);
  await settle();
  const two = b.runner.run(latter, LIMIT);
  await b.clock.advance(2000);
  expect(await one).toBeUndefined();
  expect((await two)?.durationSeconds).toBe(0);
  expect(latter.calls).toBe(0);
  expect(b.error(latter)).toBe(
    "timeout: the call made 2s ago has not come back, no other is made before",
  );
});

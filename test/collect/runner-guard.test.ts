import { expect, test } from "vitest";
import { settle } from "../support/core/clock.ts";
import { LIMIT, MINUTES, runnerBench } from "../support/agent/runner.ts";
import { ManualSource } from "../support/agent/source.ts";

test("a call that ignores its abort fails after the grace period, and is not repeated until it returns", async () => {
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
  expect(b.error(source)).toBe(
    "timeout: no answer within 5m, and the call ignores its cancellation",
  );

  await b.clock.advance(MINUTES);
  await b.runner.run(source, LIMIT);
  expect(source.calls).toBe(2);
  expect(b.error(source)).toBe(
    "timeout: a call has been hanging for 6m2s; not starting another until it returns",
  );

  // After a reload, another source with the same subject would hang in the same call.
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

test("a second run joins the running attempt", async () => {
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

test("another source with the same subject cancels the running attempt, then runs its own", async () => {
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
  "stop ends all attempts within 2 s without recording them (source ignores its abort: %s)",
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

test("a stop during the grace period after a time-out records nothing", async () => {
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

test("another source with the same subject is not called while the previous one hangs", async () => {
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
    "timeout: a call has been hanging for 2s; not starting another until it returns",
  );
});

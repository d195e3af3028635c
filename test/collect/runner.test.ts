import { expect, test } from "vitest";
import { AgentError } from "../../instrumentation/core/error.ts";
import { settle } from "../support/core/clock.ts";
import { LIMIT, runnerBench } from "../support/agent/runner.ts";
import { ManualSource } from "../support/agent/source.ts";

test("an attempt is recorded with its state, start time and duration", async () => {
  const b = runnerBench();
  const source = new ManualSource("a");
  const startedAt = b.clock.now();
  const run = b.runner.run(source, LIMIT);
  await b.clock.advance(2500);
  source.answer({ state: "good", complete: true });
  const attempt = { startedAt, durationSeconds: 2.5, complete: true, error: undefined };
  expect(await run).toEqual(attempt);
  expect(b.store.get(source.subject)).toEqual({
    subject: source.subject,
    state: "good",
    attempt,
    lastCompleteAt: startedAt + 2500,
  });
  expect(b.recorded).toEqual([attempt]);
  await b.clock.advance(0);
  expect([b.clock.sleeping, source.aborted]).toEqual([0, 0]);
});

test("the next call receives the last state", async () => {
  const b = runnerBench();
  const source = new ManualSource("a", "ok");
  await b.runner.run(source, LIMIT);
  await b.runner.run(source, LIMIT);
  expect(source.previous).toEqual([undefined, "state 1"]);
});

test.for([
  [new AgentError("denied", "403"), "denied: 403"],
  [new TypeError("x is undefined"), "other: TypeError: x is undefined"],
  ["text", "other: unknown failure"],
] as const)("an exception becomes the error of the attempt: %s", async ([thrown, expected]) => {
  const b = runnerBench();
  const source = new ManualSource("a", "ok");
  await b.runner.run(source, LIMIT);
  source.script = undefined;
  const run = b.runner.run(source, LIMIT);
  await settle();
  source.throw(thrown);
  expect((await run)?.complete).toBe(false);
  expect(b.error(source)).toBe(expected);
  expect(b.store.get(source.subject)?.state).toBe("state 1");
});

test("an exception before the source returns a promise becomes the error of the attempt", async () => {
  const b = runnerBench();
  const subject = { name: "a" };
  await b.runner.run(
    {
      subject,
      collect() {
        throw new RangeError("at once");
      },
    },
    LIMIT,
  );
  expect(b.store.get(subject)?.attempt.error?.message).toBe("RangeError: at once");
});

test("a state beside an error is stored; an incomplete reading does not change lastCompleteAt", async () => {
  const b = runnerBench();
  const source = new ManualSource("a");
  const first = b.runner.run(source, LIMIT);
  await settle();
  source.answer({ state: "most", complete: true, error: new AgentError("corrupt", "one file") });
  await first;
  const { lastCompleteAt } = b.store.get(source.subject) ?? {};
  expect(lastCompleteAt).toBe(b.clock.now());

  const second = b.runner.run(source, LIMIT);
  await b.clock.advance(1000);
  source.answer({
    state: "last good",
    complete: false,
    error: new AgentError("unreachable", "reset"),
  });
  await second;
  expect(b.store.get(source.subject)).toMatchObject({ state: "last good", lastCompleteAt });
});

test("an incomplete reading without an error gets one", async () => {
  const b = runnerBench();
  const source = new ManualSource("a");
  const run = b.runner.run(source, LIMIT);
  await settle();
  source.answer({ state: "s", complete: false });
  await run;
  expect(b.error(source)).toBe("other: the collection did not finish and reported no error");
});

test("the time limit aborts the call, and is the error", async () => {
  const b = runnerBench();
  const source = new ManualSource("a");
  const run = b.runner.run(source, LIMIT);
  await b.clock.advance(LIMIT - 1);
  expect(b.recorded).toEqual([]);
  await b.clock.advance(1);
  expect((await run)?.durationSeconds).toBe(300);
  expect(b.error(source)).toBe("timeout: no answer within 5m");
});

test("a result within the grace period after the abort is recorded, error or state", async () => {
  const b = runnerBench();
  const source = new ManualSource("a");
  source.deaf = true;
  const late = b.runner.run(source, LIMIT);
  await b.clock.advance(LIMIT + 1000);
  source.answer({ state: "s", complete: false, error: new AgentError("unreachable", "503") });
  await late;
  expect(b.error(source)).toBe("unreachable: 503");

  const inTime = b.runner.run(source, LIMIT);
  await b.clock.advance(LIMIT + 1000);
  source.answer({ state: "whole", complete: true });
  expect((await inTime)?.error).toBeUndefined();
  expect(b.store.get(source.subject)?.state).toBe("whole");
});

test("an AbortError after the time limit is a timeout", async () => {
  const b = runnerBench();
  const source = new ManualSource("a");
  source.deaf = true;
  const run = b.runner.run(source, LIMIT);
  await b.clock.advance(LIMIT);
  source.throw(new DOMException("This operation was aborted", "AbortError"));
  await run;
  expect(b.error(source)).toBe("timeout: no answer within 5m");
});

import { expect, test } from "vitest";
import { AgentError } from "../../instrumentation/core/error.ts";
import { settle } from "../support/core/clock.ts";
import { LIMIT, MINUTES, runnerBench } from "../support/agent/runner.ts";
import { ManualSource } from "../support/agent/source.ts";

test("repeated failures and successes are not logged", async () => {
  const b = runnerBench();
  const source = new ManualSource("a", "ok");
  for (const script of [
    "ok",
    "unreachable",
    "unreachable",
    "denied",
    "denied",
    "ok",
    "ok",
  ] as const) {
    source.script = script;
    await b.runner.run(source, LIMIT);
    await b.clock.advance(MINUTES);
  }
  expect(b.logger.texts).toEqual([
    'warn collection failed {"name":"a","error_type":"unreachable","error":"scripted unreachable"}',
    'warn collection failed {"name":"a","error_type":"denied","error":"scripted denied"}',
    'info collection recovered {"name":"a","failed_seconds":240}',
  ]);
});

test("an error beside a complete state is logged with a message of its own", async () => {
  const b = runnerBench();
  const source = new ManualSource("a");
  const run = b.runner.run(source, LIMIT);
  await settle();
  source.answer({ state: "most", complete: true, error: new AgentError("corrupt", "one file") });
  await run;
  expect(b.logger.texts).toEqual([
    'warn collected with an error {"name":"a","error_type":"corrupt","error":"one file"}',
  ]);
});

test("the recovery of a source that was removed and added again is not logged", async () => {
  const b = runnerBench();
  const source = new ManualSource("a", "denied");
  await b.runner.run(source, LIMIT);
  b.logger.clear();
  b.runner.retain([]);
  source.script = "ok";
  await b.runner.run(source, LIMIT);
  expect(b.logger.texts).toEqual([]);
});

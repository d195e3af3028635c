import { beforeEach, expect, test } from "vitest";

import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";

import { AgentError } from "../../../instrumentation/core/error.ts";
import type { MetricSpec } from "../../../instrumentation/metrics/spec.ts";
import { boundTable } from "../../../instrumentation/metrics/bound-table.ts";
import { collectBatches } from "../../../src/telemetry/otlp/collect-batches.ts";
import { otlpMetrics } from "../../../src/telemetry/own-metrics/otlp.ts";
import { OtlpPush } from "../../../src/telemetry/otlp/push.ts";
import { FakeClock, settle } from "../../support/core/clock.ts";
import { ArrayLogger } from "../../support/core/logger.ts";
import { Samples } from "../../support/agent/samples.ts";
import { PRODUCER, tableText } from "../../support/agent/table-text.ts";

/** An endpoint that accepts a push when the test lets it. */
class ManualTarget {
  readonly name = "http://c/v1/metrics";
  readonly pushed: ResourceMetrics[] = [];
  #waiting: (() => void)[] = [];
  error: AgentError | undefined;
  signal: AbortSignal | undefined;
  slow = false;

  async push(metrics: ResourceMetrics, signal: AbortSignal): Promise<void> {
    this.pushed.push(metrics);
    this.signal = signal;
    if (this.slow) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.error) throw this.error;
  }

  async go(): Promise<void> {
    for (const resolve of this.#waiting.splice(0)) resolve();
    await settle();
  }
}

let target: ManualTarget;
let clock: FakeClock;
let logger: ArrayLogger;
let push: OtlpPush;
let value: number;

beforeEach(() => {
  target = new ManualTarget();
  clock = new FakeClock();
  logger = new ArrayLogger();
  value = 0;
  const metric: MetricSpec<unknown> = {
    name: "backup.days_age",
    kind: "gauge",
    description: "",
    labels: [],
    points: () => [[value, {}]],
  };
  push = new OtlpPush({
    targets: [target],
    collect: (size) =>
      collectBatches(
        { tables: [boundTable([metric], () => [0])], producer: PRODUCER, startMs: 0 },
        0,
        size,
      ),
    intervalMs: 60_000,
    timeoutMs: 30_000,
    clock,
    logger,
  });
});

function values(): unknown {
  return target.pushed.map(({ scopeMetrics }) => scopeMetrics[0]?.metrics[0]?.dataPoints[0]?.value);
}

test("pushes at each interval and on demand", async () => {
  push.start();
  await clock.advance(60_000);
  value = 1;
  await push.push();
  await clock.advance(60_000);
  expect(values()).toEqual([0, 1, 1]);
});

test("requests during a push cause one more push, with the values of its own time", async () => {
  target.slow = true;
  void push.push();
  await settle();
  for (value = 1; value < 5; value++) void push.push();
  await settle();
  expect(values()).toEqual([0]);
  await target.go();
  expect(values()).toEqual([0, 5]);
  await target.go();
  expect(values()).toEqual([0, 5]);
});

test("each change of the result is logged once, and shown by metrics", async () => {
  const shown = async (): Promise<Samples> =>
    new Samples(await tableText([boundTable(otlpMetrics, () => push.states)], 0));
  expect((await shown()).value("restic_otel_otlp_up")).toBeUndefined();
  target.error = new AgentError("unreachable", "refused");
  await push.push();
  await push.push();
  expect((await shown()).value("restic_otel_otlp_up")).toBe(0);
  target.error = undefined;
  await push.push();
  await push.push();
  expect(logger.texts).toEqual([
    'warn push failed {"endpoint":"http://c/v1/metrics","error_type":"unreachable","error":"refused"}',
    'info push works again {"endpoint":"http://c/v1/metrics"}',
  ]);
  const samples = await shown();
  expect(samples.value("restic_otel_otlp_up")).toBe(1);
  expect(samples.value("restic_otel_otlp_last_success_timestamp_seconds")).toBe(1_767_225_600);
  expect(samples.value("restic_otel_otlp_exports_total", { result: "failure" })).toBe(2);
  expect(samples.value("restic_otel_otlp_exports_total", { result: "success" })).toBe(2);
});

test("a stop pushes once more, and nothing is pushed after it", async () => {
  push.start();
  await settle();
  await push.stop();
  expect(values()).toEqual([0]);
  await clock.advance(600_000);
  expect(values()).toEqual([0]);
  expect(clock.sleeping).toBe(0);
});

test("a push has a time limit, and its timer ends with it", async () => {
  target.slow = true;
  const pushed = push.push();
  await settle();
  await clock.advance(29_999);
  expect(target.signal?.aborted).toBe(false);
  await clock.advance(1);
  expect(target.signal?.reason).toMatchObject({
    code: "timeout",
    message: "http://c/v1/metrics: not accepted within 30 s",
  });
  target.error = new AgentError("timeout", "late");
  await target.go();
  await pushed;
  target.error = undefined;
  target.slow = false;
  await push.push();
  expect(clock.sleeping).toBe(0);
});

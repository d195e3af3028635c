import { beforeEach, expect, test } from "vitest";

import { AgentError } from "../../../instrumentation/core/error.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { failureOf } from "../../support/core/failure.ts";
import { until } from "../../support/core/until.ts";
import { exporterTo, pushOnce } from "../../support/otlp/exporter-push.ts";
import { reply, startReceiver } from "../../support/otlp/otlp-receiver.ts";
import type { Receiver } from "../../support/otlp/otlp-receiver.ts";

let receiver: Receiver;

beforeEach(async () => {
  receiver = await startReceiver();
});

test("a passing failure is retried after the time that the receiver asks for", async () => {
  receiver.answers.push(reply(503, "", { "retry-after": "2" }), reply(429, ""));
  const start = performance.now();
  await pushOnce(exporterTo(receiver.url));
  expect(performance.now() - start).toBeGreaterThan(2000);
  expect(receiver.received).toHaveLength(3);
});

test.for([429, 502, 503, 504])("the status %i is retried", async (status) => {
  receiver.answers.push(reply(status, ""));
  const clock = new FakeClock();
  const pushed = pushOnce(exporterTo(receiver.url, {}, { clock }));
  await until("the wait for a retry", () => clock.sleeping === 2);
  await clock.advance(1000);
  await pushed;
  expect(receiver.received).toHaveLength(2);
});

test("a request is retried five times", async () => {
  receiver.otherwise = reply(503, "");
  const clock = new FakeClock();
  const pushed = failureOf(pushOnce(exporterTo(receiver.url, { timeoutMs: 60_000 }, { clock })));
  for (const [index, waitMs] of [1000, 2000, 4000, 8000, 16_000].entries()) {
    await until("the wait for a retry", () => clock.sleeping === 2);
    expect(receiver.received).toHaveLength(index + 1);
    await clock.advance(waitMs);
  }
  expect(await pushed).toBe(`transient unreachable: ${receiver.url}: the server answers 503`);
  expect(receiver.received).toHaveLength(6);
});

test("a Retry-After beyond the time limit ends the push", async () => {
  receiver.otherwise = reply(429, "", { "retry-after": "60" });
  const exporter = exporterTo(receiver.url, {}, { clock: new FakeClock() });
  expect(await failureOf(pushOnce(exporter))).toBe(
    `unreachable: ${receiver.url}: the server answers 429`,
  );
  expect(receiver.received).toHaveLength(1);
});

test("a receiver that is always busy fails within the time limit", async () => {
  receiver.otherwise = reply(503, "");
  const exporter = exporterTo(receiver.url, { timeoutMs: 1800 });
  const start = performance.now();
  expect(await failureOf(pushOnce(exporter))).toBe(
    `transient unreachable: ${receiver.url}: the server answers 503`,
  );
  expect(performance.now() - start).toBeLessThan(5000);
  expect(receiver.received.length).toBeGreaterThan(1);
});

test("a connection that the receiver resets is retried", async () => {
  receiver.answers.push((response) => response.socket?.resetAndDestroy());
  await pushOnce(exporterTo(receiver.url));
  expect(receiver.received).toHaveLength(2);
});

test("an answer that trickles without end is cut off at the time limit", async () => {
  const closed = Promise.withResolvers<void>();
  receiver.otherwise = (response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const trickle = setInterval(() => response.write(" "), 10);
    response.on("close", () => {
      clearInterval(trickle);
      closed.resolve();
    });
  };
  const clock = new FakeClock();
  const pushed = failureOf(pushOnce(exporterTo(receiver.url, {}, { clock })));
  await until("a request", () => receiver.received.length === 1);
  await clock.advance(10_000);
  expect(await pushed).toMatch(`timeout: ${receiver.url}: not accepted within 10 s`);
  expect(clock.sleeping).toBe(0);
  // The connection ends as well.
  await closed.promise;
});

test("a receiver that never answers is given up at the time limit", async () => {
  receiver.otherwise = () => {};
  const clock = new FakeClock();
  const pushed = failureOf(pushOnce(exporterTo(receiver.url, {}, { clock })));
  await until("a request", () => receiver.received.length === 1);
  await clock.advance(10_000);
  expect(await pushed).toMatch(`timeout: ${receiver.url}: not accepted within 10 s`);
});

test("the signal ends a push that is under way, and its connection", async () => {
  const closed = Promise.withResolvers<void>();
  receiver.otherwise = (response) => response.on("close", () => closed.resolve());
  const limit = new AbortController();
  const exporter = exporterTo(receiver.url);
  const pushed = failureOf(pushOnce(exporter, { signal: limit.signal }));
  await until("a request", () => receiver.received.length === 1);
  limit.abort(new AgentError("timeout", "the push took longer than 30 s"));
  expect(await pushed).toBe("timeout: the push took longer than 30 s");
  await closed.promise;
  expect(await failureOf(pushOnce(exporter, { signal: limit.signal }))).toBe(
    "timeout: the push took longer than 30 s",
  );
  expect(receiver.received).toHaveLength(1);
});

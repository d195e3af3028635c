import { afterEach, beforeEach, expect, test } from "vitest";

import { httpClient } from "../../instrumentation/http/client.ts";
import type { HttpOptions } from "../../instrumentation/http/options.ts";
import { timeLimits } from "../../instrumentation/http/time-limits.ts";
import { FaultServer } from "../support/http/fault-server.ts";
import type { Fault } from "../support/http/fault-server.ts";

const SHORT_MS = 200;
/** undici looks at its timers every half second. */
const LATE_MS = 1700;

let server: FaultServer;

beforeEach(async () => {
  server = await FaultServer.start();
});

afterEach(() => server.stop());

async function bodyOf(fault: Fault, limits: Partial<HttpOptions>): Promise<string> {
  server.answers(fault);
  const send = httpClient({ connections: 1, proxyEnvironment: {}, ...limits });
  const request = { url: new URL(server.url), headers: {}, maxBytes: 10 };
  return (await send(request, new AbortController().signal)).body.toString();
}

test("a server that is slow to answer is waited for, whatever the limit within a body", async () => {
  const slow: Fault = (_request, response) => void setTimeout(() => response.end("late"), LATE_MS);
  expect(await bodyOf(slow, { idleMs: SHORT_MS })).toBe("late");
});

test("a body may pause, whatever the limit for the first byte", async () => {
  const pausing: Fault = (_request, response) => {
    response.write("a");
    setTimeout(() => response.end("b"), LATE_MS);
  };
  expect(await bodyOf(pausing, { requestTimeoutMs: SHORT_MS })).toBe("ab");
});

test.for([
  [undefined, { connectMs: 20_000, firstByteMs: 60_000, idleMs: 20_000 }],
  [5000, { connectMs: 5000, firstByteMs: 5000, idleMs: 20_000 }],
  [300_000, { connectMs: 20_000, firstByteMs: 300_000, idleMs: 20_000 }],
] as const)("the limits for requestTimeoutMs %s", ([requestTimeoutMs, expected]) => {
  const options = { connections: 1, proxyEnvironment: {} };
  expect(timeLimits(requestTimeoutMs ? { ...options, requestTimeoutMs } : options)).toEqual(
    expected,
  );
});

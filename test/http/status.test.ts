import { expect, test } from "vitest";

import { statusError } from "../../instrumentation/http/status-error.ts";
import { FakeClock } from "../support/core/clock.ts";

function errorOf(status: number, headers: Readonly<Record<string, string>> = {}): unknown {
  const answer = { status, headers, body: Buffer.from("secret page") };
  const { code, transient, message, retryAfterMs } = statusError(
    answer,
    "http://host/a/config",
    new FakeClock(Date.UTC(2026, 0, 1)),
  );
  return { code, transient, message, retryAfterMs };
}

test.for([
  [401, "denied", "access denied (401)"],
  [403, "denied", "access denied (403)"],
  [404, "not_found", "not found (404)"],
  [204, "other", "the server answers 204"],
  [301, "other", "the server answers 301"],
  [400, "other", "the server answers 400"],
  [405, "other", "the server answers 405"],
  [407, "other", "the server answers 407"],
  [410, "other", "the server answers 410"],
  [501, "other", "the server answers 501"],
] as const)("%i lasts and is %s", ([status, code, says]) => {
  expect(errorOf(status, { "retry-after": "1" })).toEqual({
    code,
    transient: false,
    message: `http://host/a/config: ${says}`,
    retryAfterMs: undefined,
  });
});

test.for([429, 500, 502, 503, 504, 507, 599])("%i passes", (status) => {
  expect(errorOf(status)).toEqual({
    code: "unreachable",
    transient: true,
    message: `http://host/a/config: the server answers ${status}`,
    retryAfterMs: undefined,
  });
});

test.for([
  ["5", 5000],
  [" 5 ", 5000],
  ["0", 0],
  ["Thu, 01 Jan 2026 00:00:30 GMT", 30_000],
  ["Wed, 31 Dec 2025 23:00:00 GMT", 0],
  ["", undefined],
  ["-1", undefined],
  ["1.5", undefined],
  ["soon", undefined],
] as const)("Retry-After: %j is %j ms", ([value, retryAfterMs]) => {
  expect(errorOf(503, { "retry-after": value })).toMatchObject({ retryAfterMs });
  expect(errorOf(429, { "retry-after": value })).toMatchObject({ retryAfterMs });
});

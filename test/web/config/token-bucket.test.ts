import { expect, test } from "vitest";

import { tokenBucket } from "../../../src/web/config/token-bucket.ts";
import { FakeClock } from "../../support/core/clock.ts";

test("a burst passes at once, then one request per interval, and never more than a burst", async () => {
  const clock = new FakeClock();
  const takeToken = tokenBucket({ intervalMs: 100, burst: 3 }, clock);
  const take = (times: number): number =>
    Array.from({ length: times }, () => takeToken()).filter(Boolean).length;
  expect(take(5)).toBe(3);
  await clock.advance(99);
  expect(take(2)).toBe(0);
  await clock.advance(1);
  expect(take(2)).toBe(1);
  await clock.advance(250);
  expect(take(5)).toBe(2);
  await clock.advance(50);
  expect(take(5)).toBe(1);
  await clock.advance(1_000_000);
  expect(take(10)).toBe(3);
});

import { expect, test } from "vitest";

import { inactivityTimeout } from "../../../instrumentation/backends/child-process/inactivity-timeout.ts";
import { FakeClock } from "../../support/core/clock.ts";

test("silence counts while work is pending, and begins again with data", async () => {
  const clock = new FakeClock();
  const over = new AbortController();
  let notices = 0;
  const timeout = inactivityTimeout(
    clock,
    () => 1000,
    () => (notices += 1),
    over.signal,
  );
  await timeout.guard(Promise.resolve());
  await clock.advance(5000);
  expect(notices).toBe(0);
  const pending = Promise.withResolvers<void>();
  const guarded = timeout.guard(pending.promise);
  await clock.advance(999);
  timeout.reset();
  await clock.advance(999);
  expect(notices).toBe(0);
  await clock.advance(1);
  expect(notices).toBe(1);
  pending.resolve();
  await guarded;
});

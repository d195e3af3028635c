import { counted } from "../../instrumentation/backends/decorators/counted.ts";
import { retrying } from "../../instrumentation/backends/decorators/retrying.ts";
import { backendSuite } from "../support/backends/backend-suite.ts";
import type { Clock } from "../../instrumentation/core/clock.ts";
import { FakeClock } from "../support/core/clock.ts";
import { DOWN, faultyBackend } from "../support/backends/faulty-backend.ts";
import { recordedBackend } from "../support/backends/recorded-backend.ts";

backendSuite("memory", async (files) => recordedBackend(files, () => {}));

backendSuite("memory, counted and retried", async (files) => {
  const cost = {
    list: { requests: 0, receivedBytes: 0 },
    load: { requests: 0, receivedBytes: 0 },
  };
  return retrying(
    counted(
      recordedBackend(files, () => {}),
      cost,
    ),
    new FakeClock(),
  );
});

/** Does not wait. */
const impatient: Clock = {
  now: () => 0,
  monotonicMs: () => 0,
  sleep: async (_ms, signal) => signal?.throwIfAborted(),
};

for (const failures of [1, 3]) {
  backendSuite(
    `memory that fails ${failures} times before each response, retried`,
    async (files) =>
      retrying(
        faultyBackend(
          recordedBackend(files, () => {}),
          failures,
        ),
        impatient,
      ),
    { fault: DOWN },
  );
}

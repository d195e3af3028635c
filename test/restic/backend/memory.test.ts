import { counted } from "../../../instrumentation/restic/backend/counted.ts";
import { retrying } from "../../../instrumentation/restic/backend/retrying.ts";
import { backendSuite } from "../../support/backend-suite.ts";
import { FakeClock } from "../../support/clock.ts";
import { recordedBackend } from "../../support/recorded-backend.ts";

backendSuite("memory, which other tests use", async (files) => recordedBackend(files, () => {}));

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

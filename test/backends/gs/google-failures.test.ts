import { afterEach, beforeEach, expect, test } from "vitest";

import { failureOf } from "../../support/core/failure.ts";
import { FaultServer, status } from "../../support/http/fault-server.ts";
import { openStoreAt } from "../../support/backends/object-store-backend.ts";

const { signal } = new AbortController();

let server: FaultServer;

beforeEach(async () => {
  server = await FaultServer.start();
});

afterEach(() => server.stop());

const GRANT =
  "grant storage.objects.list and storage.objects.get, for example by the role Storage Object Viewer";

test.for([
  ["forbidden", "denied", `access denied (403 forbidden): ${GRANT}`],
  ["<script>", "denied", `access denied (403): ${GRANT}`],
  ["rateLimitExceeded", "transient unreachable", "the server answers 403 rateLimitExceeded"],
  [
    "userRateLimitExceeded",
    "transient unreachable",
    "the server answers 403 userRateLimitExceeded",
  ],
  [
    "quotaExceeded",
    "denied",
    "a quota of the project is exceeded (403 quotaExceeded): raise it, or wait until it is reset",
  ],
  [
    "dailyLimitExceeded",
    "denied",
    "a quota of the project is exceeded (403 dailyLimitExceeded): raise it, or wait until it is reset",
  ],
  [
    "accountDisabled",
    "denied",
    "the billing account of the project is disabled (403 accountDisabled)",
  ],
] as const)("403 with the reason %s", async ([reason, code, message]) => {
  const error = { code: 403, message: "a sentence", errors: [{ reason, domain: "usageLimits" }] };
  server.answers(status(403, {}, JSON.stringify({ error })));
  const backend = await openStoreAt("gs:backups:/repo", {
    environment: { GOOGLE_ACCESS_TOKEN: "ya29.aToken", STORAGE_EMULATOR_HOST: server.url },
  });
  const what = `127.0.0.1:${server.port}`;
  expect(await failureOf(backend.list("keys", undefined, signal))).toBe(
    `${code}: gs:backups:/repo/keys/ at ${what}: ${message}`,
  );
  expect(await failureOf(backend.load("config", "", signal))).toBe(
    `${code}: gs:backups:/repo/config at ${what}: ${message}`,
  );
});

import { expect, test } from "vitest";

import { AgentError } from "../../instrumentation/core/error.ts";
import { Monitor } from "../../instrumentation/monitor/monitor.ts";
import type { RepositorySettings } from "../../instrumentation/settings/repository.ts";
import { FakeClock, settle } from "../support/core/clock.ts";
import { until } from "../support/core/until.ts";
import { recordedBackend } from "../support/backends/recorded-backend.ts";
import { SealedRepository } from "../support/repository/sealed-repository.ts";
import { repositorySettings } from "../support/monitor/repository-settings.ts";

const LIMITS = { timeoutMs: 60_000, concurrency: 2 };

const sealed = new SealedRepository("right");
sealed.addSnapshot({ time: "2024-05-01T12:00:00Z", hostname: "h", username: "u" });

function repository(name: string, password = "right"): RepositorySettings {
  return repositorySettings(`fake:${name}`, password);
}

interface Scene {
  readonly monitor: Monitor;
  readonly calls: string[];
  readonly clock: FakeClock;
}

/** @param gate awaited before a repository answers for its config */
function scene(
  repositories: readonly RepositorySettings[],
  gate: (name: string) => Promise<void> = async () => {},
): Scene {
  const calls: string[] = [];
  const clock = new FakeClock();
  const monitor = new Monitor(
    { ...LIMITS, repositories, cron: "@daily", timezone: "UTC", ...FIXED },
    {
      clock,
      backends: {
        fake: async (name) => {
          const backend = recordedBackend(sealed.files, (call) => calls.push(`${name} ${call}`));
          return {
            ...backend,
            async load(type, file, signal) {
              if (type === "config") await gate(name);
              return backend.load(type, file, signal);
            },
          };
        },
      },
    },
  );
  return { monitor, calls, clock };
}

const FIXED = { legacyLabel: false, retryFailed: true, reverifyMs: 3_600_000 };

test("opening reads config and keys, and neither lists nor reads a snapshot", async () => {
  const { monitor, calls } = scene([repository("a")]);
  const [opening] = monitor.open(LIMITS);
  expect(await opening?.outcome).toMatchObject({ id: sealed.id, version: 2 });
  expect(calls).toEqual(["a GET config", "a LIST keys", "a GET keys"]);
  expect([...monitor.store.entries()]).toEqual([]);
});

test("each repository has its own outcome, in the order of the settings", async () => {
  const { monitor } = scene([repository("b", "wrong"), repository("a")]);
  const outcomes = await Promise.all(
    monitor.open(LIMITS).map(async ({ url, outcome }) => [url, await outcome] as const),
  );
  expect(outcomes).toMatchObject([
    ["fake:b", { code: "wrong_password" }],
    ["fake:a", { id: sealed.id }],
  ]);
});

test("at most `concurrency` repositories are opened in parallel", async () => {
  const open = new Map<string, () => void>();
  const { monitor } = scene(
    ["a", "b", "c"].map((name) => repository(name)),
    (name) => new Promise((resolve) => open.set(name, resolve)),
  );
  const openings = monitor.open(LIMITS);
  await until("two repositories", () => open.size === 2);
  await settle();
  expect([...open.keys()]).toEqual(["a", "b"]);
  open.get("a")?.();
  await until("the third repository", () => open.has("c"));
  for (const resolve of open.values()) resolve();
  for (const { outcome } of openings) expect(await outcome).not.toBeInstanceOf(AgentError);
});

test("a repository that never answers fails at the time limit, even if it ignores its abort", async () => {
  const started = Promise.withResolvers<void>();
  const { monitor, clock } = scene([repository("a")], () => {
    started.resolve();
    return new Promise(() => {});
  });
  const [opening] = monitor.open(LIMITS);
  await started.promise;
  await clock.advance(LIMITS.timeoutMs);
  expect(await opening?.outcome).toMatchObject({
    code: "timeout",
    message: "no answer within 1m",
  });
});

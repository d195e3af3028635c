import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { Monitor } from "../../instrumentation/monitor/monitor.ts";
import type { MonitorSettings } from "../../instrumentation/monitor/monitor-settings.ts";
import { FakeClock } from "../support/core/clock.ts";
import { repositoryFolder } from "../support/repository/repository-folder.ts";
import { SealedRepository } from "../support/repository/sealed-repository.ts";
import { repositorySettings } from "../support/monitor/repository-settings.ts";

const MINUTE = 60_000;

let url: string;
let sealed: SealedRepository;
let monitor: Monitor;

function settings(): MonitorSettings {
  return {
    repositories: [repositorySettings(url, "right")],
    cron: "@daily",
    timezone: "UTC",
    timeoutMs: MINUTE,
    concurrency: 1,
    legacyLabel: false,
    retryFailed: true,
    reverifyMs: 60 * MINUTE,
  };
}

beforeEach(async () => {
  sealed = new SealedRepository("right");
  sealed.addSnapshot({ time: "2024-05-01T12:00:00Z", hostname: "web" });
  url = await repositoryFolder(sealed.files);
  monitor = new Monitor(settings(), { clock: new FakeClock() });
  await monitor.collect();
});

afterEach(async () => {
  await monitor.stop();
  await rm(url, { recursive: true });
});

/** Replaces the key of the repository, as `restic key passwd`. */
async function changePassword(): Promise<void> {
  for (const path of sealed.files.keys()) if (path.startsWith("keys/")) await rm(join(url, path));
  const id = sealed.addKey("changed");
  await writeFile(join(url, "keys", id), sealed.files.get(`keys/${id}`) ?? "");
}

function failure(): string | undefined {
  const [entry] = monitor.store.entries();
  return entry?.attempt.error?.code;
}

test("a collection trusts an opened key, one that lists the keys shows that the password was changed", async () => {
  await changePassword();
  await monitor.collect();
  expect(failure()).toBeUndefined();
  await monitor.collect({ listKeys: true });
  expect(failure()).toBe("wrong_password");
});

test("after a reload the next collection shows that the password was changed", async () => {
  await changePassword();
  monitor.reload(settings());
  await monitor.collect();
  expect(failure()).toBe("wrong_password");
});

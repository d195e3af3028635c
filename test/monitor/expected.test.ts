import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { Monitor } from "../../instrumentation/monitor/monitor.ts";
import type { MonitorSettings } from "../../instrumentation/monitor/monitor-settings.ts";
import { parseExpectations } from "../../instrumentation/settings/expectations/parse.ts";
import type { ExpectationSections } from "../../instrumentation/settings/expectations/parse.ts";
import { FakeClock } from "../support/core/clock.ts";
import { ArrayLogger } from "../support/core/logger.ts";
import { tableText } from "../support/agent/table-text.ts";
import { repositorySettings } from "../support/monitor/repository-settings.ts";

/** 2024-06-01, after the newest snapshot of the fixture. */
const NOW = 1_717_200_000_000;
const URL = "test/fixtures/v2";

function settings(sections: ExpectationSections, stateDir?: string): MonitorSettings {
  const { value, problems } = parseExpectations(sections, {
    list: [{ url: URL, disabled: false }],
    areComplete: true,
  });
  expect(problems).toEqual([]);
  return {
    repositories: [repositorySettings(URL, "pässwörd ✓")],
    cron: "@daily",
    timezone: "UTC",
    timeoutMs: 60_000,
    concurrency: 8,
    legacyLabel: false,
    retryFailed: true,
    reverifyMs: 3_600_000,
    expectations: value,
    stateDir,
  };
}

/** The lines of some metrics, without `backup_`. */
async function lines(monitor: Monitor, metrics: string): Promise<readonly string[]> {
  const text = await tableText(monitor.tables, NOW);
  const pattern = new RegExp(`^backup_(?:${metrics})\\{`);
  return text
    .split("\n")
    .filter((line) => pattern.test(line))
    .map((line) => line.replace("backup_", "").replace(`url="${URL}",`, ""));
}

const WEB = { name: "web", hosts: ["web-1"], maxAge: "100d" };

test("expectations are shown with the other metrics, and a reload applies to them at once", async () => {
  const monitor = new Monitor(settings({ expect: [WEB] }), { clock: new FakeClock(NOW) });
  expect(await lines(monitor, "expect.*")).toEqual([]);
  await monitor.collect();
  expect(await lines(monitor, "expected_newest.*|expectation_unmet")).toEqual([
    'expected_newest_timestamp_seconds{expectation="web",host="web-1"} 1711856700',
  ]);
  monitor.reload(settings({ expect: [{ ...WEB, maxAge: "1d" }] }));
  expect(await lines(monitor, "expected_newest.*|expectation_unmet")).toEqual([
    'expected_newest_timestamp_seconds{expectation="web",host="web-1"} 1711856700',
    'expectation_unmet{expectation="web",host="web-1",reason="late"} 1',
  ]);
  monitor.reload(settings({}));
  expect(await lines(monitor, "expect.*|set_judged")).toEqual([]);
});

test("renamed hosts are one in all metrics, at once after a reload and in the next collection", async () => {
  const logger = new ArrayLogger();
  const monitor = new Monitor(settings({}), { clock: new FakeClock(NOW), logger });
  await monitor.collect();
  const before = await lines(monitor, "snapshot_count");
  const rename = [{ hosts: ["web-*", "ma?l"], as: "all" }];
  const renamed = settings({ rename, expect: [{ ...WEB, hosts: ["all"] }] });
  for (let round = 0; round < 2; round++) {
    monitor.reload(renamed);
    const counts = await lines(monitor, "snapshot_count");
    expect(counts.filter((line) => line.includes('host="all"'))).not.toEqual([]);
    expect(counts.filter((line) => /host="(?:web-1|mail)"/.test(line))).toEqual([]);
    expect(await lines(monitor, "expected_newest.*")).toEqual([
      'expected_newest_timestamp_seconds{expectation="web",host="all"} 1711870200',
    ]);
    await monitor.collect();
  }
  expect(logger.texts.filter((text) => text.includes("rename"))).toEqual([]);
  monitor.reload(settings({ rename: [{ hosts: ["ma?l"], as: "web-1" }] }));
  await monitor.collect();
  expect(logger.texts.filter((text) => text.includes("rename"))).toEqual([
    'warn a host has the name that the setting rename gives to others {"host":"web-1"}',
  ]);
  monitor.reload(settings({}));
  expect(await lines(monitor, "snapshot_count")).toEqual(before);
});

test("allowTime takes effect at once after a reload, on the snapshots that the expectation covers", async () => {
  const monitor = new Monitor(settings({}), { clock: new FakeClock(NOW) });
  const backdated = async (): Promise<readonly string[]> =>
    (await lines(monitor, "backdated_snapshots")).filter((line) => !line.endsWith(" 0"));
  await monitor.collect();
  const all = await backdated();
  expect(all).toContainEqual(expect.stringContaining('host="web-1"'));
  const allowed = { ...WEB, allowTime: true };
  for (const [expectation, expected] of [
    [allowed, all.filter((line) => !line.includes('host="web-1"'))],
    [{ ...allowed, users: ["nobody"] }, all],
    [{ ...allowed, hosts: ["*"] }, []],
    [{ ...allowed, hosts: ["*"], tags: ["none"] }, all],
    [WEB, all],
  ] as const) {
    monitor.reload(settings({ expect: [expectation] }));
    expect(await backdated()).toEqual(expected);
    await monitor.collect();
    expect(await backdated()).toEqual(expected);
  }
});

test("the state folder keeps the slots of globs over a restart", async () => {
  const folder = await mkdtemp(join(tmpdir(), "expected-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const sections = { expect: [{ ...WEB, hosts: ["web-*"] }] };
  const logger = new ArrayLogger();
  const run = async (): Promise<Monitor> => {
    const monitor = new Monitor(settings(sections, folder), { clock: new FakeClock(NOW), logger });
    await monitor.collect();
    expect(await readdir(folder)).toContain("expectations");
    await monitor.stop();
    return monitor;
  };
  await run();
  const file = join(folder, "expectations");
  const text = await readFile(file, "utf8");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(text).toMatch(
    /^\[\["[0-9a-f]{16}","web",\["test\/fixtures\/v2"\],\[\["web-1",null,1711856700,null\]\]\]\]$/,
  );
  // As if a host was forgotten while the agent was down.
  await writeFile(file, text.replaceAll("web-1", "web-9"));
  // Also without a start, as for --once.
  const monitor = await run();
  expect(await lines(monitor, "expected_newest.*")).toEqual([
    'expected_newest_timestamp_seconds{expectation="web",host="web-1"} 1711856700',
    'expected_newest_timestamp_seconds{expectation="web",host="web-9"} 1711856700',
  ]);
  await writeFile(file, "{");
  await run();
  expect(logger.texts.filter((line) => line.includes("slots"))).toEqual([
    "warn the kept slots of expectations are not valid: discarding them {}",
  ]);
});

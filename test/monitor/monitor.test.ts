import { expect, test } from "vitest";

import { Monitor } from "../../instrumentation/monitor/monitor.ts";
import type { MonitorSettings } from "../../instrumentation/monitor/monitor-settings.ts";
import type { RepositorySettings } from "../../instrumentation/settings/repository.ts";
import { FakeClock } from "../support/core/clock.ts";
import { tableText } from "../support/agent/table-text.ts";
import { repositorySettings } from "../support/monitor/repository-settings.ts";

/** 2024-06-01, after the newest snapshot of the fixtures. */
const NOW = 1_717_200_000_000;

const V1 = repositorySettings("test/fixtures/v1", "correct horse");
const V2 = repositorySettings("test/fixtures/v2", "pässwörd ✓");
const NOTHING = repositorySettings("test/fixtures/nothing", "x");
const WRONG = repositorySettings("test/fixtures/two-keys", "wrong");

function settings(
  repositories: readonly RepositorySettings[],
  rest: Partial<MonitorSettings> = {},
): MonitorSettings {
  return {
    repositories,
    cron: "@daily",
    timezone: "UTC",
    timeoutMs: 60_000,
    concurrency: 8,
    legacyLabel: false,
    retryFailed: true,
    reverifyMs: 3_600_000,
    ...rest,
  };
}

function exposition(monitor: Monitor, now = NOW): Promise<string> {
  return tableText(monitor.tables, now);
}

/** Values of the label `url` in a metric. */
function urls(text: string, metric: string): readonly string[] {
  return [...text.matchAll(new RegExp(`^${metric}\\{url="([^"]*)"`, "gm"))].map(
    ([, url = ""]) => url,
  );
}

test("metrics of healthy and failing repositories", async () => {
  const monitor = new Monitor(settings([V1, V2, NOTHING, WRONG]), { clock: new FakeClock(NOW) });
  expect(await exposition(monitor)).toBe("");
  expect(await monitor.collect()).toEqual({ finishedAt: NOW, failed: 2, total: 4 });
  await expect(await exposition(monitor)).toMatchFileSnapshot("../golden/metrics.prom");
});

test("legacyLabel adds isLegacy to two metrics, true when the newest snapshot is older than 60 days", async () => {
  const newest = 1_711_846_800;
  const clock = new FakeClock((newest + 60 * 86_400) * 1000);
  const monitor = new Monitor(settings([V2], { legacyLabel: true }), { clock });
  await monitor.collect();
  const legacy = async (): Promise<readonly string[]> =>
    (await exposition(monitor, clock.now()))
      .split("\n")
      .filter((line) => line.includes("isLegacy"));
  const lines = await legacy();
  expect(new Set(lines.map((line) => line.slice(0, line.indexOf("{"))))).toEqual(
    new Set(["backup_snapshot_count", "backup_newest_timestamp"]),
  );
  const web = 'url="test/fixtures/v2",host="web-1",user="root"';
  const expected = (isLegacy: boolean): readonly string[] => [
    `backup_snapshot_count{${web},isLegacy="${isLegacy}"} 2`,
    `backup_newest_timestamp{${web},isLegacy="${isLegacy}"} ${newest}`,
  ];
  expect(lines.filter((line) => line.includes(web))).toEqual(expected(false));
  clock.step(86_400_000);
  expect((await legacy()).filter((line) => line.includes(web))).toEqual(expected(true));
});

test("without a collection the metrics change when the age of a set reaches the next whole day", async () => {
  const monitor = new Monitor(settings([V1]), { clock: new FakeClock(NOW) });
  await monitor.collect();
  const before = await exposition(monitor, NOW);
  const chunkable = monitor.tables.filter(({ isChunkable }) => isChunkable);
  // The secrets are read at each scrape.
  const until = Math.min(
    ...chunkable.map((table) => table.entries().until(NOW)).filter((time) => time > NOW),
  );
  expect(until).toBeLessThan(NOW + 86_400_000);
  expect(await exposition(monitor, until - 1)).toBe(before);
  expect(await exposition(monitor, until)).not.toBe(before);
});

test("a reload applies from the next collection: removed repositories disappear, unchanged ones keep their snapshots", async () => {
  const monitor = new Monitor(settings([V1, V2]), { clock: new FakeClock(NOW) });
  await monitor.collect();
  const requests = (text: string): readonly string[] =>
    text
      .split("\n")
      .filter((line) => line.startsWith('backup_repository_requests_total{url="test/fixtures/v2"'));
  const before = requests(await exposition(monitor));
  expect(before).toEqual([
    'backup_repository_requests_total{url="test/fixtures/v2",operation="list"} 2',
    'backup_repository_requests_total{url="test/fixtures/v2",operation="load"} 16',
  ]);

  monitor.reload(settings([V2, WRONG]));
  expect(urls(await exposition(monitor), "backup_repository_up")).toEqual([V1.url, V2.url]);
  await monitor.collect();
  const after = await exposition(monitor);
  expect(urls(after, "backup_repository_up")).toEqual([WRONG.url, V2.url]);
  expect(after).not.toContain(V1.url);
  // The keys are listed again, and config is read.
  expect(requests(after)).toEqual([
    'backup_repository_requests_total{url="test/fixtures/v2",operation="list"} 4',
    'backup_repository_requests_total{url="test/fixtures/v2",operation="load"} 17',
  ]);
});

test("a changed password is used from the next collection on; the last state is kept if it is wrong", async () => {
  const monitor = new Monitor(settings([V1]), { clock: new FakeClock(NOW) });
  await monitor.collect();
  monitor.reload(settings([repositorySettings(V1.url, "wrong")]));
  await monitor.collect();
  const text = await exposition(monitor);
  expect(text).toContain(
    'backup_repository_error{url="test/fixtures/v1",error_type="wrong_password"} 1',
  );
  expect(text).toContain('backup_snapshot_count{url="test/fixtures/v1",host="web",user="1-db"} 2');
  monitor.reload(settings([V1]));
  await monitor.collect();
  expect(await exposition(monitor)).not.toContain("backup_repository_error{");
});

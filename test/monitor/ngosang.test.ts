import { createHash } from "node:crypto";

import { expect, test } from "vitest";

import { Monitor } from "../../instrumentation/monitor/monitor.ts";
import { tableText } from "../support/agent/table-text.ts";
import { until } from "../support/core/until.ts";
import { InventoryScene } from "../support/inventory/inventory-scene.ts";
import { repositorySettings } from "../support/monitor/repository-settings.ts";

const SUMMARY = {
  backup_start: "2026-01-01T10:00:00+02:00",
  backup_end: "2026-01-01T10:00:30+02:00",
  files_new: 1,
  files_changed: 2,
  files_unmodified: 3,
  dirs_new: 4,
  dirs_changed: 5,
  dirs_unmodified: 6,
  data_added: 700,
  total_files_processed: 6,
  total_bytes_processed: 800,
};

const BACKUP = {
  time: "2026-01-01T10:00:00+02:00",
  hostname: "web",
  username: "root",
  paths: ["/a", "/b"],
  tags: ["mysql", "x".repeat(300)],
  program_version: "restic 0.18.0",
};

async function exposition(compat: "ngosang" | "none"): Promise<readonly string[]> {
  const scene = new InventoryScene();
  scene.backup({ ...BACKUP, time: "2025-12-31T10:00:00+02:00" });
  scene.backup({ ...BACKUP, summary: SUMMARY });
  scene.backup({ ...BACKUP, paths: ["/old"] });
  const monitor = new Monitor(
    {
      repositories: [repositorySettings("memory:", "p")],
      cron: "@daily",
      timezone: "UTC",
      timeoutMs: 60_000,
      concurrency: 1,
      legacyLabel: false,
      retryFailed: false,
      reverifyMs: 3_600_000,
      inventory: {},
      compat,
    },
    { clock: scene.clock, backends: { memory: async () => scene.backend() } },
  );
  monitor.start();
  await monitor.currentCollection;
  await until("an inventory", () => monitor.inventories.entries()[0]?.inventory !== undefined);
  const text = await tableText(monitor.tables, scene.clock.now());
  await monitor.stop();
  return text.split("\n").filter((line) => line.startsWith("restic_"));
}

test("compat: ngosang adds the metrics of ngosang/restic-exporter with its labels and values", async () => {
  const lines = await exposition("ngosang");
  const hash = createHash("sha256").update("webroot/a,/b").digest("hex");
  const labels = `{url="memory:",client_hostname="web",client_username="root",client_version="restic 0.18.0",snapshot_hash="${hash}",snapshot_tag="mysql",snapshot_tags="mysql,${"x".repeat(250)}",snapshot_paths="/a,/b"}`;
  const values = Object.fromEntries(
    lines
      .filter((line) => !line.includes("/old"))
      .map((line) => {
        const at = line.lastIndexOf(" ");
        return [line.slice(0, at), Number(line.slice(at))];
      }),
  );
  const uncompressed = 3 * (300 + 301 + 302 + 300 + 301) + 32 * 15;
  expect(values).toEqual({
    'restic_check_success{url="memory:"}': 1,
    'restic_locks_total{url="memory:"}': 0,
    'restic_scrape_duration_seconds{url="memory:"}': expect.any(Number),
    'restic_size_total{url="memory:"}': 1512,
    'restic_uncompressed_size_total{url="memory:"}': uncompressed,
    'restic_compression_ratio{url="memory:"}': uncompressed / 1512,
    'restic_blob_count_total{url="memory:"}': 15,
    'restic_snapshots_total{url="memory:"}': 3,
    [`restic_backup_timestamp${labels}`]: Date.parse("2026-01-01T08:00:00Z") / 1000,
    [`restic_backup_snapshots_total${labels}`]: 2,
    [`restic_backup_files_total${labels}`]: 6,
    [`restic_backup_size_total${labels}`]: 800,
    [`restic_backup_files_new${labels}`]: 1,
    [`restic_backup_files_changed${labels}`]: 2,
    [`restic_backup_files_unmodified${labels}`]: 3,
    [`restic_backup_dirs_new${labels}`]: 4,
    [`restic_backup_dirs_changed${labels}`]: 5,
    [`restic_backup_dirs_unmodified${labels}`]: 6,
    [`restic_backup_data_added_bytes${labels}`]: 700,
    [`restic_backup_duration_seconds${labels}`]: 30,
  });
  // A backup of restic before 0.17.
  expect(lines.find((line) => line.includes("/old") && line.includes("files_total"))).toMatch(
    / -1$/,
  );
});

test("without compat there are none", async () => {
  expect(await exposition("none")).toEqual([]);
});

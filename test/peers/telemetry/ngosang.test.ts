import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startAgent } from "../../support/agent/agent.ts";
import type { RunningAgent } from "../../support/agent/agent.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import { until } from "../../support/core/until.ts";
import type { Server } from "../../support/http/server.ts";
import { query, startPrometheus } from "../../support/otlp/prometheus.ts";
import { restic } from "../../support/repository/restic-cli.ts";

const FIXTURES = join(import.meta.dirname, "../../fixtures");
const REPOSITORIES = [
  ["v1", "correct horse"],
  ["v2", "pässwörd ✓"],
  ["upgraded", "correct horse"],
  ["two-keys", "first password"],
] as const;

const DASHBOARD: { readonly expressions: readonly string[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, "ngosang-dashboard.json"), "utf8"),
);

/** A series: its name and labels as text, and the value. */
type Samples = Readonly<Record<string, number>>;

interface ListedSnapshot {
  readonly time: string;
  readonly hostname: string;
  readonly username?: string;
  readonly paths: readonly string[];
  readonly tags?: readonly string[];
  readonly program_version?: string;
  readonly summary?: Readonly<Record<string, number>> & {
    readonly backup_start: string;
    readonly backup_end: string;
  };
}

interface Stats {
  readonly total_size: number;
  readonly total_blob_count: number;
  readonly snapshots_count: number;
  readonly total_uncompressed_size?: number;
  readonly compression_ratio?: number;
}

/** The fields of a summary that this exporter shows. */
const OF_SUMMARY = {
  restic_backup_files_total: "total_files_processed",
  restic_backup_size_total: "total_bytes_processed",
  restic_backup_files_new: "files_new",
  restic_backup_files_changed: "files_changed",
  restic_backup_files_unmodified: "files_unmodified",
  restic_backup_dirs_new: "dirs_new",
  restic_backup_dirs_changed: "dirs_changed",
  restic_backup_dirs_unmodified: "dirs_unmodified",
  restic_backup_data_added_bytes: "data_added",
} as const;

/** Prometheus has no empty labels. */
function series(name: string, labels: Readonly<Record<string, string>>): string {
  const text = Object.entries(labels)
    .filter(([label, value]) => value !== "" && !["__name__", "instance", "job"].includes(label))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => `${label}=${value}`);
  return `${name} ${text.join(" ")}`;
}

/** Between two times with nanoseconds, to five digits: that exporter has six. */
function secondsBetween(start: string, end: string): number {
  const [from, to] = [start, end].map((time) => {
    const [, fraction = ""] = /\.(\d+)/.exec(time) ?? [];
    return Date.parse(time.replace(/\.\d+/, "")) / 1000 + Number(`0.${fraction}`);
  });
  return rounded((to ?? 0) - (from ?? 0));
}

function rounded(seconds: number): number {
  return Number(seconds.toFixed(5));
}

/** The metrics of that exporter by its formulas, from what restic prints. Times are right, where it drops the zone. */
async function formulas(name: string, password: string): Promise<Samples> {
  const repo = join(FIXTURES, name);
  const json = (...args: readonly string[]): Promise<string> =>
    restic([...args, "--json", "--no-lock"], { repo, password });
  const stats: Stats = JSON.parse(await json("stats", "--mode", "raw-data"));
  const check = await restic(["check", "--no-lock"], { repo, password }).then(
    () => 1,
    () => 0,
  );
  const url = { url: repo };
  const samples: Record<string, number> = {
    [series("restic_check_success", url)]: check,
    [series("restic_locks_total", url)]: 0,
    [series("restic_size_total", url)]: stats.total_size,
    [series("restic_blob_count_total", url)]: stats.total_blob_count,
    [series("restic_snapshots_total", url)]: stats.snapshots_count,
    [series("restic_uncompressed_size_total", url)]: stats.total_uncompressed_size ?? -1,
    [series("restic_compression_ratio", url)]: stats.compression_ratio ?? -1,
  };
  const snapshots: readonly ListedSnapshot[] = JSON.parse(await json("snapshots"));
  const byHash = Map.groupBy(snapshots, ({ hostname, username = "", paths }) =>
    createHash("sha256")
      .update(hostname + username + paths.join(","))
      .digest("hex"),
  );
  for (const [hash, own] of byHash) {
    const [last] = own.toSorted((a, b) => Date.parse(b.time) - Date.parse(a.time));
    if (!last) continue;
    const { hostname, username = "", program_version = "", tags = [], paths, summary } = last;
    const labels = {
      ...url,
      client_hostname: hostname,
      client_username: username,
      client_version: program_version,
      snapshot_hash: hash,
      snapshot_tag: tags[0] ?? "",
      snapshot_tags: tags.join(","),
      snapshot_paths: paths.join(","),
    };
    const values = {
      restic_backup_timestamp: Math.floor(Date.parse(last.time) / 1000),
      restic_backup_snapshots_total: own.length,
      restic_backup_duration_seconds: summary
        ? secondsBetween(summary.backup_start, summary.backup_end)
        : -1,
    };
    for (const [metric, value] of Object.entries(values)) samples[series(metric, labels)] = value;
    for (const [metric, field] of Object.entries(OF_SUMMARY))
      samples[series(metric, labels)] = summary?.[field] ?? -1;
  }
  return samples;
}

describe.skipIf(!requirePeer("prometheus") || !requirePeer("restic"))(
  "the dashboard of ngosang/restic-exporter on a Prometheus that scrapes the agent",
  () => {
    let agent: RunningAgent;
    let prometheus: Server;

    beforeAll(async () => {
      agent = await startAgent({
        repositories: REPOSITORIES.map(([name, password]) => ({
          repo: join(FIXTURES, name),
          password,
        })),
        inventory: { every: "24h" },
        locks: { every: "15m" },
        compat: "ngosang",
      });
      prometheus = await startPrometheus({
        config: JSON.stringify({
          global: { scrape_interval: "1s" },
          scrape_configs: [
            {
              job_name: "restic-otel",
              static_configs: [{ targets: [new URL(agent.url).host] }],
            },
          ],
        }),
      });
      await until(
        "a scrape after all inventories",
        async () =>
          (await query(prometheus.url, "restic_check_success < 2")).length === REPOSITORIES.length,
      );
    });

    afterAll(async () => {
      await prometheus.stop();
      await agent.stop();
    });

    test.for(DASHBOARD.expressions)("%s has data", async (expression) => {
      const found = await query(prometheus.url, expression);
      expect(found).not.toEqual([]);
      for (const { value } of found) expect(Number.isFinite(Number(value[1]))).toBe(true);
    });

    test("the values are those of its formulas", async () => {
      const expected: Record<string, number> = {};
      for (const [name, password] of REPOSITORIES)
        Object.assign(expected, await formulas(name, password));
      // restic leaves the blobs out that are not compressed; docs/migration.md says so.
      const ratio = (name: string): string =>
        series("restic_compression_ratio", { url: join(FIXTURES, name) });
      expect(expected[ratio("upgraded")]).toBeCloseTo(1.94);
      expected[ratio("upgraded")] = 3026 / 2125;
      const found = await query(
        prometheus.url,
        '{__name__=~"restic_.*",__name__!~"restic_otel_.*|restic_scrape_duration_seconds"}',
      );
      const actual = Object.fromEntries(
        found.map(({ metric, value: [, value] }) => {
          const name = metric["__name__"] ?? "";
          const number = Number(value);
          return [series(name, metric), name.endsWith("_seconds") ? rounded(number) : number];
        }),
      );
      expect(actual).toEqual(expected);
    });
  },
);

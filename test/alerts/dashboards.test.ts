import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { ALERTS } from "../../src/alerts/alerts.ts";
import { rulesText } from "../../src/alerts/rules-text.ts";
import { requirePeer } from "../support/agent/peers.ts";
import { dashboardExpressions } from "../support/alerts/dashboard-expressions.ts";
import { startDemo } from "../support/alerts/demo.ts";
import { until } from "../support/core/until.ts";
import type { Server } from "../support/http/server.ts";
import { query, startPrometheus } from "../support/otlp/prometheus.ts";

describe.skipIf(!requirePeer("prometheus"))("a Prometheus that scrapes the demo", () => {
  let demo: Awaited<ReturnType<typeof startDemo>>;
  let prometheus: Server;
  let folder: string;
  let urls: readonly string[];

  beforeAll(async () => {
    demo = await startDemo();
    folder = await mkdtemp(join(tmpdir(), "rules-"));
    const rules = join(folder, "rules.yml");
    await writeFile(rules, rulesText(ALERTS, { format: "prometheus" }));
    prometheus = await startPrometheus({
      config: JSON.stringify({
        global: { scrape_interval: "1s", evaluation_interval: "1s" },
        rule_files: [rules],
        scrape_configs: [
          { job_name: "restic-otel", static_configs: [{ targets: [new URL(demo.url).host] }] },
        ],
      }),
    });
    await until("the first alert", async () => (await query(prometheus.url, FIRING)).length > 0);
    // increase() needs two scrapes.
    await until(
      "the second scrape",
      async () => (await query(prometheus.url, "count_over_time(up[1m]) > 2")).length > 0,
    );
    const found = await query(prometheus.url, "backup_repository_up");
    urls = found.map(({ metric }) => metric["url"] ?? "");
  });

  afterAll(async () => {
    await prometheus.stop();
    await demo.stop();
    await rm(folder, { recursive: true });
  });

  test.for(dashboardExpressions())("has data for %s: %s", async ([, expr]) => {
    const addresses = expr.includes('"$url"') && !expr.includes("=~") ? urls : [".*"];
    const results = await Promise.all(
      addresses.map((url) => query(prometheus.url, filled(expr, url))),
    );
    expect(results.flat().length).toBeGreaterThan(0);
  });

  test("fires the alerts for the problems of the demo, and no others", async () => {
    const expected = ["BackupLate", "BackupNeverSeen", "BackupSetTooOld"];
    await until("the alerts", async () => (await firing()).length >= expected.length);
    expect(await firing()).toEqual(expected);
  });

  async function firing(): Promise<readonly string[]> {
    const found = await query(prometheus.url, `count by (alertname) (${FIRING})`);
    return found.map(({ metric }) => metric["alertname"] ?? "").toSorted();
  }
});

const FIRING = 'ALERTS{alertstate="firing"}';

/** As Grafana fills in the variables. */
function filled(expr: string, url: string): string {
  return expr
    .replaceAll("$expectation", ".*")
    .replaceAll("$url", url)
    .replaceAll("$__rate_interval", "1m");
}

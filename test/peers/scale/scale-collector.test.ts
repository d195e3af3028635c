import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { freeAddress } from "../../support/core/free-port.ts";
import {
  ONE,
  SCRAPE_SECONDS,
  seriesOf,
  seriesOnceThere,
  startPairs,
  storedSeries,
} from "../../support/otlp/pairs.ts";
import type { Pairs } from "../../support/otlp/pairs.ts";
import { peerPath, requirePeer } from "../../support/agent/peers.ts";
import { query, startPrometheus } from "../../support/otlp/prometheus.ts";
import { startServer } from "../../support/http/server.ts";
import type { Server } from "../../support/http/server.ts";
import { until } from "../../support/core/until.ts";
import { startVictoriaMetrics } from "../../support/otlp/victoria-metrics.ts";

const SCALE = join(import.meta.dirname, "../../../examples/scale");
const COUNT = "backup_snapshot_count";

describe.skipIf(
  !requirePeer("otelcol") || !requirePeer("prometheus") || !requirePeer("victoria-metrics"),
)("two agents of each shard, pushed through the Collector of examples/scale", () => {
  let pairs: Pairs;
  let prometheus: Server;
  let victoria: Server;
  let collector: Server;

  beforeAll(async () => {
    const otlp = await freeAddress();
    pairs = await startPairs(`http://${otlp}`);
    victoria = await startVictoriaMetrics([
      `-relabelConfig=${pairs.file("relabel.yml")}`,
      `-dedup.minScrapeInterval=${SCRAPE_SECONDS}s`,
    ]);
    const config = await readFile(pairs.file("prometheus.yml"), "utf8");
    // Without scrape_configs: metrics arrive through the Collector only.
    prometheus = await startPrometheus({
      config: config.replace(/^scrape_configs:[^]*?(?=^\w)/m, ""),
    });
    const health = await freeAddress();
    collector = await startServer({
      command: peerPath("otelcol"),
      args: ["--config", join(SCALE, "collector.yaml")],
      announces: /(Everything is ready)/,
      url: () => `http://${otlp}`,
      ready: async () => (await fetch(`http://${health}`)).ok,
      env: {
        OTLP_HTTP_ENDPOINT: otlp,
        HEALTH_ENDPOINT: health,
        PROMETHEUS_WRITE_ENDPOINT: `${prometheus.url}/api/v1/write`,
        VICTORIA_METRICS_WRITE_ENDPOINT: `${victoria.url}/api/v1/write`,
      },
    });
    for (const one of [pairs.whole, ...pairs.agents.values()]) await one.collect();
  });

  afterAll(async () => {
    await collector.stop();
    await prometheus.stop();
    await victoria.stop();
    await pairs.stop();
  });

  test("Prometheus receives both agents of each pair, and its rules merge their series", async () => {
    const expected = seriesOf(await pairs.whole.scrape(), ONE.all);
    await until("all agents", async () => {
      const infos = await query(prometheus.url, "replica_restic_otel_shard_info");
      return infos.length === 4;
    });
    expect(await seriesOnceThere(prometheus.url, ONE.all, expected.length)).toEqual(expected);
    const replicas = await query(prometheus.url, `replica_${COUNT}`);
    expect(replicas).toHaveLength(2 * (await query(prometheus.url, COUNT)).length);
    const names = new Set(replicas.map(({ metric }) => metric["instance"]));
    expect(names).toEqual(new Set([...pairs.agents.keys()].map((name) => `restic-otel-${name}`)));
    const whole = await query(prometheus.url, "backup_job_last_success_unixtime");
    expect(whole).toHaveLength(1);
  });

  test("VictoriaMetrics has one series for each backup set", async () => {
    const expected = seriesOf(await pairs.whole.scrape(), ONE.content);
    await until("all agents", async () => {
      const infos = await query(victoria.url, "restic_otel_shard_info");
      return infos.length === 4;
    });
    expect(await seriesOnceThere(victoria.url, ONE.content, expected.length)).toEqual(expected);
  });

  test("with one agent of each pair stopped, the others continue through the same Collector", async () => {
    const stoppedSeconds = Date.now() / 1000;
    await Promise.all([pairs.agents.get("b-0")?.stop(), pairs.agents.get("a-1")?.stop()]);
    const newest = {
      [prometheus.url]: `max by (url, host, user) (timestamp(replica_${COUNT}))`,
      [victoria.url]: `timestamp(${COUNT})`,
    };
    for (const [url, times] of Object.entries(newest))
      await until("newer samples", async () => {
        const found = await query(url, `min(${times}) > ${stoppedSeconds + 5}`);
        return found.length > 0;
      });
    const whole = await pairs.whole.scrape();
    expect(await storedSeries(prometheus.url, ONE.all)).toEqual(seriesOf(whole, ONE.all));
    expect(await storedSeries(victoria.url, ONE.content)).toEqual(seriesOf(whole, ONE.content));
  });
});

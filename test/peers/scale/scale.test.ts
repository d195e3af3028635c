import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import {
  numberOf,
  ONE,
  SCRAPE_SECONDS,
  seriesOf,
  seriesOnceThere,
  startPairs,
  storedSeries,
} from "../../support/otlp/pairs.ts";
import type { Pairs } from "../../support/otlp/pairs.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import { query, startPrometheus } from "../../support/otlp/prometheus.ts";
import type { RunningAgent } from "../../support/agent/agent.ts";
import { Samples } from "../../support/agent/samples.ts";
import type { Server } from "../../support/http/server.ts";
import { until } from "../../support/core/until.ts";
import { startVictoriaMetrics } from "../../support/otlp/victoria-metrics.ts";

const SCALE = join(import.meta.dirname, "../../../examples/scale");
const COUNT = "backup_snapshot_count";

/** The number of the scrape interval of each stored sample, by series. */
async function intervals(url: string): Promise<ReadonlyMap<string, readonly number[]>> {
  const all = new Map<string, number[]>();
  const text = await (await fetch(`${url}/api/v1/export?match[]=${COUNT}`)).text();
  for (const line of text.split("\n").filter((exportLine) => exportLine !== "")) {
    const exported: { readonly metric: object; readonly timestamps: readonly number[] } =
      JSON.parse(line);
    const series = JSON.stringify(exported.metric);
    const seen = exported.timestamps.map((ms) => Math.ceil(ms / 1000 / SCRAPE_SECONDS));
    all.set(series, [...(all.get(series) ?? []), ...seen]);
  }
  return all;
}

describe.skipIf(!requirePeer("prometheus") || !requirePeer("victoria-metrics"))(
  "two agents of each shard, scraped with the files of examples/scale",
  () => {
    let pairs: Pairs;
    let prometheus: Server;
    let victoria: Server;
    let startedMs: number;

    const agent = (name: string): RunningAgent => {
      const found = pairs.agents.get(name);
      if (!found) throw new Error(`no agent ${name}`);
      return found;
    };
    const hasResult = (url: string, expression: string): (() => Promise<boolean>) => {
      return async () => (await query(url, expression)).length > 0;
    };
    /** The smallest number of sets that a query returned at any second since `startedMs`. */
    const fewestSets = (url: string): Promise<number> => {
      const seconds = Math.floor((performance.now() - startedMs) / 1000);
      return numberOf(url, `min_over_time(count(${COUNT})[${seconds}s:1s])`);
    };

    beforeAll(async () => {
      pairs = await startPairs();
      for (const one of [pairs.whole, ...pairs.agents.values()]) await one.collect();
      prometheus = await startPrometheus({
        config: await readFile(pairs.file("prometheus.yml"), "utf8"),
      });
      victoria = await startVictoriaMetrics([
        `-promscrape.config=${pairs.file("victoria-metrics.yml")}`,
        `-relabelConfig=${pairs.file("relabel.yml")}`,
        `-dedup.minScrapeInterval=${SCRAPE_SECONDS}s`,
      ]);
      for (const { url } of [prometheus, victoria])
        await until("all agents scraped", async () => (await query(url, "up == 1")).length === 4);
      await until("the rules", hasResult(prometheus.url, "backup_job_error_count"));
    });

    afterAll(async () => {
      await victoria.stop();
      await prometheus.stop();
      await pairs.stop();
    });

    test("Prometheus has every series of an agent with all repositories, each once", async () => {
      const expected = seriesOf(await pairs.whole.scrape(), ONE.all);
      expect(expected.length).toBeGreaterThan(6 * 2 * 4);
      expect(await seriesOnceThere(prometheus.url, ONE.all, expected.length)).toEqual(expected);
      const replicas = await query(prometheus.url, `replica_${COUNT}`);
      expect(replicas).toHaveLength(2 * (await query(prometheus.url, COUNT)).length);
    });

    test("VictoriaMetrics has each backup set once, with one sample per interval", async () => {
      const expected = seriesOf(await pairs.whole.scrape(), ONE.content);
      expect(await seriesOnceThere(victoria.url, ONE.content, expected.length)).toEqual(expected);
      startedMs = performance.now();

      const kept = await intervals(victoria.url);
      expect(kept.size).toBeGreaterThanOrEqual(12);
      for (const [, seen] of kept) expect(new Set(seen).size).toBe(seen.length);

      // Proof that both agents of a pair were written: samples are dropped as duplicates, at a merge or a query.
      await until("dropped duplicates", async () => {
        await query(victoria.url, `count_over_time(${COUNT}[1m])`);
        const own = await (await fetch(`${victoria.url}/metrics`)).text();
        const dropped = new Samples(own).of("vm_deduplicated_samples_total");
        return dropped.reduce((sum, { value }) => sum + value, 0) >= kept.size;
      });
    });

    test("the alert expressions for VictoriaMetrics in the README find the unreadable repository only", async () => {
      const page = await readFile(join(SCALE, "README.md"), "utf8");
      const [, text = ""] = /^```\n(max by [^]*?)\n```$/m.exec(page) ?? [];
      const found = text.split("\n").map((expression) => query(victoria.url, expression));
      const [unreadable, behind] = await Promise.all(found);
      expect(unreadable?.map(({ metric }) => metric)).toEqual([{ url: pairs.unreadable }]);
      expect(behind).toEqual([]);
    });

    test("Prometheus uses the agent with the latest collection: an agent with old data hides no new snapshot and shows no removed one", async () => {
      const { path, sealed } = pairs.changing;
      const value = (name: string, replica = ""): Promise<number> =>
        numberOf(prometheus.url, `${name}{url="${path}",user="root"${replica}}`);
      expect(await value(COUNT)).toBe(1);
      const [first] = (await pairs.whole.scrape()).of(COUNT, { url: path });
      const added = sealed.addSnapshot({
        time: "2026-01-01T00:00:00Z",
        hostname: first?.labels["host"],
        username: "root",
      });
      const file = join(path, "snapshots", added);
      const bytes = sealed.files.get(`snapshots/${added}`) ?? new Uint8Array();
      await writeFile(file, bytes);
      // Only b-0 collects; a-0, the other agent of the pair, keeps its old data.
      await agent("b-0").collect();
      await until("the new snapshot", async () => (await value(COUNT)) === 2);
      expect(await value("backup_newest_timestamp")).toBe(1_767_225_600);
      expect(await value(`replica_${COUNT}`, ',replica="a"')).toBe(1);

      await agent("a-0").collect();
      await until("both", async () => (await value(`replica_${COUNT}`, ',replica="a"')) === 2);
      await rm(file);
      await agent("b-0").collect();
      await until("one snapshot less", async () => (await value(COUNT)) === 1);
      expect(await value("backup_newest_timestamp")).toBe(0);
      expect(await value("replica_backup_newest_timestamp", ',replica="a"')).toBe(1_767_225_600);
      await agent("a-0").collect();
      await until("both", async () => (await value(`replica_${COUNT}`, ',replica="a"')) === 1);
      expect(await storedSeries(prometheus.url, ONE.all)).toEqual(
        seriesOf(await pairs.whole.scrape(), ONE.all),
      );
    });

    test("with one agent of each pair stopped, no set is missing at any second", async () => {
      const stoppedSeconds = Date.now() / 1000;
      await Promise.all([agent("a-0").stop(), agent("b-1").stop()]);
      for (const { url } of [prometheus, victoria])
        await until("both targets down", async () => (await query(url, "up == 0")).length === 2);
      await until("Prometheus without them", async () => {
        const replicas = await query(prometheus.url, `replica_${COUNT}`);
        return replicas.length === (await query(prometheus.url, COUNT)).length;
      });
      const later = stoppedSeconds + 2 * SCRAPE_SECONDS;
      for (const { url } of [prometheus, victoria])
        await until("newer samples", hasResult(url, `min(timestamp(${COUNT})) > ${later}`));

      const whole = await pairs.whole.scrape();
      expect(await storedSeries(prometheus.url, ONE.all)).toEqual(seriesOf(whole, ONE.all));
      expect(await storedSeries(victoria.url, ONE.content)).toEqual(seriesOf(whole, ONE.content));
      for (const { url } of [prometheus, victoria])
        expect(await fewestSets(url)).toBe(whole.of(COUNT).length);
      expect(
        await numberOf(prometheus.url, "time() - backup_job_last_success_unixtime < bool 600"),
      ).toBe(1);
    });
  },
);

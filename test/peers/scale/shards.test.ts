import { rm } from "node:fs/promises";

import { describe, expect, onTestFinished, test } from "vitest";

import { shardOf } from "../../../src/settings/shard.ts";
import { startAgent } from "../../support/agent/agent.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import { query, startPrometheus } from "../../support/otlp/prometheus.ts";
import { repositoryFolder } from "../../support/repository/repository-folder.ts";
import { SealedRepository } from "../../support/repository/sealed-repository.ts";
import { until } from "../../support/core/until.ts";

const TOTAL = 5;
const SETS =
  'count by (url, host, user) ({url!="", __name__=~"backup_(snapshot_count|days_age|newest_timestamp|repository_up)"})';

describe.skipIf(!requirePeer("prometheus"))("five agents that share twelve repositories", () => {
  test("have every series of an agent with all repositories, each once", async () => {
    const repositories = await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const sealed = new SealedRepository("p");
        for (const user of ["root", "db"])
          sealed.addSnapshot({
            time: "2026-01-01T00:00:00Z",
            hostname: `host-${index}`,
            username: user,
          });
        return { repo: await repositoryFolder(sealed.files), password: "p" };
      }),
    );
    onTestFinished(async () => {
      await Promise.all(repositories.map(({ repo }) => rm(repo, { recursive: true })));
    });
    const agents = await Promise.all(
      [undefined, ...Array.from({ length: TOTAL }, (_, index) => ({ index, total: TOTAL }))].map(
        async (shard) => startAgent({ repositories, ...(shard && { shard }) }),
      ),
    );
    onTestFinished(async () => {
      await Promise.all(agents.map((agent) => agent.stop()));
    });
    for (const agent of agents) await agent.collect();
    const [whole, ...parts] = agents.map(({ url }) => new URL(url).host);
    const prometheus = await startPrometheus({
      config: JSON.stringify({
        global: { scrape_interval: "1s" },
        scrape_configs: [
          { job_name: "whole", static_configs: [{ targets: [whole] }] },
          { job_name: "parts", static_configs: [{ targets: parts }] },
        ],
      }),
    });
    onTestFinished(() => prometheus.stop());
    await until("all agents scraped", async () => {
      const up = await query(prometheus.url, "up == 1");
      return up.length === agents.length;
    });
    const series = async (job: string): Promise<readonly string[]> => {
      const selected = SETS.replaceAll('url!=""', `url!="", job="${job}"`);
      return (await query(prometheus.url, selected))
        .map(({ metric, value: [, count] }) =>
          JSON.stringify([metric["url"], metric["host"], metric["user"], count]),
        )
        .toSorted((a, b) => (a < b ? -1 : 1));
    };
    const expected = await series("whole");
    // Two sets and one repository_up for each repository.
    expect(expected).toHaveLength(12 * 3);
    expect(await series("parts")).toEqual(expected);

    const places = await query(
      prometheus.url,
      'count by (instance) (backup_repository_up{job="parts"})',
    );
    const used = new Set(repositories.map(({ repo }) => shardOf(repo, TOTAL)));
    expect(places).toHaveLength(used.size);
    const infos = await query(prometheus.url, "restic_otel_shard_info");
    expect(
      infos
        .map(({ metric }) => `${metric["index"]}/${metric["total"]}`)
        .toSorted((a, b) => (a < b ? -1 : 1)),
    ).toEqual(["0/5", "1/5", "2/5", "3/5", "4/5"]);
  });
});

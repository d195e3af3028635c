import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { PASSWORD, writeRepository } from "../../bench/repositories.ts";
import { startAgent } from "../../support/agent/agent.ts";
import { startCollector } from "../../support/otlp/otelcol.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import { until } from "../../support/core/until.ts";

const SERIES = 100_000;
/** Each set has nine series. */
const SETS = Math.ceil(SERIES / 9);

/** Name and labels of each series, without the labels that a Collector adds, sorted. */
function seriesOf(exposition: string): readonly string[] {
  return exposition
    .split("\n")
    .filter((line) => line.startsWith("backup_"))
    .map((line) => {
      const [, name = "", labels = ""] = /^(\w+)(?:\{(.*)\})? /.exec(line) ?? [];
      const own = [...labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)]
        .filter(([, label = ""]) => !/^(job|instance|otel_scope_\w+)$/.test(label))
        .map(([text]) => text);
      return `${name}{${own.toSorted().join()}}`;
    })
    .toSorted();
}

test.skipIf(!requirePeer("otelcol"))(
  `${SERIES} series arrive at a Collector`,
  { timeout: 300_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "volume-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    writeRepository(folder, SETS, SETS);
    const collector = await startCollector({
      metricExpiration: "1h",
      remoteWrite: "http://127.0.0.1:9/",
    });
    onTestFinished(() => collector.stop());
    const agent = await startAgent({
      repositories: [{ repo: folder, password: PASSWORD }],
      otlp: [{ endpoint: `http://${collector.otlp}` }],
      otlpInterval: "1h",
    });
    onTestFinished(() => agent.stop());
    await until("the first collection", () => agent.log().includes("collection finished"));
    const endpoint = `http://${collector.otlp}/v1/metrics`;
    await until("a push", async () => {
      const samples = await agent.scrape();
      expect(agent.log()).not.toContain("push failed");
      return samples.value("restic_otel_otlp_up", { endpoint }) === 1;
    });
    const direct = seriesOf((await agent.scrape()).text);
    expect(direct.length).toBeGreaterThan(SERIES);
    let arrived: readonly string[] = [];
    await until("all series", async () => {
      arrived = seriesOf(await (await fetch(`http://${collector.prometheus}/metrics`)).text());
      return arrived.length >= direct.length;
    });
    process.stdout.write(`${arrived.length} of ${direct.length} series arrived\n`);
    expect(arrived).toEqual(direct);
  },
);

import { join } from "node:path";

import { expect, test } from "vitest";

import { startAgent } from "../../support/agent/agent.ts";
import { startCollector } from "../../support/otlp/otelcol.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import { Samples } from "../../support/agent/samples.ts";
import { until } from "../../support/core/until.ts";

const WEB = {
  repo: join(import.meta.dirname, "../../../examples/repositories/web"),
  password: "web-password",
};
const COLLECTIONS = 100;

test.skipIf(!requirePeer("otelcol"))(
  "an outage of the Collector loses no data and leaks no memory",
  async () => {
    const options = { metricExpiration: "60s", remoteWrite: "http://127.0.0.1:9/" };
    let collector = await startCollector(options);
    const agent = await startAgent({
      repositories: [WEB],
      otlp: [{ endpoint: `http://${collector.otlp}`, timeout: "1s" }],
      otlpInterval: "100ms",
    });
    const url = `${collector.url}/v1/metrics`;
    const up = async (): Promise<number | undefined> =>
      (await agent.scrape()).value("restic_otel_otlp_up", { endpoint: url });
    const resident: number[] = [];
    try {
      for (let index = 0; index < COLLECTIONS; index++) {
        if (index === 40) {
          collector.kill("SIGKILL");
          await collector.exit;
          await until("the outage", async () => (await up()) === 0);
        }
        if (index === 80) collector = await startCollector({ ...options, addresses: collector });
        const samples = await agent.collect();
        expect(samples.of("backup_snapshot_count")).toHaveLength(6);
        resident.push(samples.value("process_resident_memory_bytes") ?? 0);
      }
      await until("the end of the outage", async () => (await up()) === 1);
      const pushed = async (): Promise<Samples> =>
        new Samples(await (await fetch(`http://${collector.prometheus}/metrics`)).text());
      await until(
        "the push",
        async () => (await pushed()).of("backup_snapshot_count").length === 6,
      );
    } finally {
      await agent.stop();
      await collector.stop();
    }
    expect(agent.log().match(/msg="push failed"/g)).toHaveLength(1);
    expect(agent.log().match(/msg="push works again"/g)).toHaveLength(1);
    const mib = (from: number, to: number): number =>
      Math.max(...resident.slice(from, to)) / 2 ** 20;
    const [before, during, after] = [mib(10, 40), mib(40, 80), mib(90, 100)];
    process.stdout.write(
      `resident memory: ${before.toFixed(0)} MiB before, ${during.toFixed(0)} during, ${after.toFixed(0)} after the outage\n`,
    );
    expect(after).toBeLessThan(before + 40);
  },
);

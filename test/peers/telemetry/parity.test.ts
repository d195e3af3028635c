import { spawnSync } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { PASSWORD, writeRepository } from "../../bench/repositories.ts";
import { startAgent } from "../../support/agent/agent.ts";
import type { RunningAgent } from "../../support/agent/agent.ts";
import { startCollector } from "../../support/otlp/otelcol.ts";
import type { RunningCollector } from "../../support/otlp/otelcol.ts";
import { peerPath, requirePeer } from "../../support/agent/peers.ts";
import { query, startPrometheus } from "../../support/otlp/prometheus.ts";
import { restic } from "../../support/repository/restic-cli.ts";
import type { Server } from "../../support/http/server.ts";

const EXAMPLES = join(import.meta.dirname, "../../../examples/repositories");
/** More than the SDK's default limit of 2,000 series per instrument. */
const SETS = 2200;
/** Long enough for a busy machine to push and scrape all series by four routes. */
const PUSH_SECONDS = 6;
const WITHIN_MS = 150_000;
const EXPIRATION = `${2.5 * PUSH_SECONDS}s`;

/** Labels that a scrape, a push or a Collector adds. */
const ROUTE_LABELS = /^(job|instance|route|exported_.*|otel_scope_.*)$/;

/** Metrics whose values differ between two scrapes. */
const VARYING = /^(process|restic_otel)_/;

/** Value by `name{label="value",…}`, without the labels that a route adds. */
type Series = ReadonlyMap<string, string>;

async function series(url: string, ofRoute: string): Promise<Series> {
  const found = await query(url, `{__name__=~"(backup|restic_otel|process)_.+"${ofRoute}}`);
  return new Map(
    found.map(({ metric, value }) => {
      const { __name__: name = "", ...all } = metric;
      const own = Object.entries(all)
        .filter(([label]) => !ROUTE_LABELS.test(label))
        .map(([label, text]) => `${label}=${JSON.stringify(text)}`);
      return [`${name}{${own.toSorted().join()}}`, VARYING.test(name) ? "" : value[1]];
    }),
  );
}

/** The first differences by route. */
type Differences = Readonly<Record<string, readonly string[]>>;

const NO_DIFFERENCE: Differences = { Collector: [], OTLP: [], "remote write": [] };

function differences(direct: Series, other: Series): readonly string[] {
  return [...new Set([...direct.keys(), ...other.keys()])]
    .filter((key) => direct.get(key) !== other.get(key))
    .map((key) => `${key}: ${direct.get(key) ?? "none"}, ${other.get(key) ?? "none"}`);
}

test.skipIf(!requirePeer("otelcol"))("the Collector accepts otel-collector.yaml", () => {
  const file = join(import.meta.dirname, "../../../otel-collector.yaml");
  const { status, stderr } = spawnSync(peerPath("otelcol"), ["validate", "--config", file], {
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  expect(status).toBe(0);
});

describe.skipIf(!requirePeer("otelcol") || !requirePeer("prometheus"))(
  "scrape, Collector, OTLP and remote write show the same series",
  { timeout: 400_000 },
  () => {
    let folder: string;
    let prometheus: Server;
    let written: Server;
    let collector: RunningCollector;
    let agent: RunningAgent;

    const web = { repo: join(EXAMPLES, "web"), password: "web-password" };
    const settings = (...repositories: readonly object[]): object => ({
      repositories: [{ repo: join(folder, "many"), password: PASSWORD }, ...repositories],
      otlpInterval: `${PUSH_SECONDS}s`,
      otlp: [
        { endpoint: `http://${collector.otlp}` },
        { endpoint: `${prometheus.url}/api/v1/otlp`, protocol: "http/protobuf" },
      ],
      retryFailed: false,
    });
    const database = (password = "database-password"): object => ({
      repo: join(folder, "database"),
      password,
    });

    async function launch(): Promise<void> {
      agent = await startAgent(settings(web, database()));
      const target = { targets: [new URL(agent.url).host], labels: { route: "direct" } };
      await writeFile(join(folder, "direct.json"), JSON.stringify([target]));
      await agent.collect();
    }

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "parity-"));
      writeRepository(join(folder, "many"), SETS, SETS);
      await cp(join(EXAMPLES, "database"), join(folder, "database"), { recursive: true });
      // Series pushed by OTLP end only after the lookback.
      const args = [`--query.lookback-delta=${EXPIRATION}`];
      written = await startPrometheus({ config: "{}", args });
      collector = await startCollector({
        metricExpiration: EXPIRATION,
        remoteWrite: `${written.url}/api/v1/write`,
      });
      const collected = { targets: [collector.prometheus], labels: { route: "collector" } };
      prometheus = await startPrometheus({
        config: JSON.stringify({
          global: { scrape_interval: `${PUSH_SECONDS}s` },
          scrape_configs: [
            { job_name: "direct", file_sd_configs: [{ files: [join(folder, "direct.json")] }] },
            { job_name: "collector", honor_labels: true, static_configs: [collected] },
          ],
        }),
        args,
      });
      await launch();
    });

    afterAll(async () => {
      await agent.stop();
      await collector.stop();
      await prometheus.stop();
      await written.stop();
      await rm(folder, { recursive: true });
    });

    /** Requires that `isVisible` accepts the next scrape, then waits until all routes show the same series. Returns the remaining differences. */
    async function agree(
      event: string,
      isVisible: (series: string) => boolean,
    ): Promise<Differences> {
      const { text } = await agent.scrape();
      if (!isVisible(text)) throw new Error(`${event}: not visible in the next scrape`);
      const found = new Map<string, readonly string[]>();
      let count = 0;
      let seen = false;
      const start = performance.now();
      do {
        await delay(500);
        const direct = await series(prometheus.url, ',route="direct"');
        count = direct.size;
        seen = isVisible([...direct.keys()].join("\n"));
        found.set(
          "Collector",
          differences(direct, await series(prometheus.url, ',route="collector"')),
        );
        found.set("OTLP", differences(direct, await series(prometheus.url, ',route=""')));
        found.set("remote write", differences(direct, await series(written.url, "")));
      } while (
        (!seen || [...found.values()].some(({ length }) => length > 0)) &&
        performance.now() - start < WITHIN_MS
      );
      const summary = [...found].map(([route, wrong]) => `${route} ${wrong.length}`).join(", ");
      process.stdout.write(`${event}: ${count} series; differences: ${summary}\n`);
      if (!seen) throw new Error(`${event}: not visible in Prometheus`);
      if (count < 9 * SETS) throw new Error(`${event}: only ${count} series`);
      return Object.fromEntries([...found].map(([route, wrong]) => [route, wrong.slice(0, 5)]));
    }

    const ofDatabase = (text: string): boolean => text.includes(`url="${folder}/database"`);

    test("after the start", async () => {
      expect(
        await agree(
          "start",
          (text) =>
            ofDatabase(text) && (text.match(/^backup_snapshot_count\{/gm) ?? []).length > SETS,
        ),
      ).toEqual(NO_DIFFERENCE);
    });

    test.skipIf(!requirePeer("restic"))(
      "after a new snapshot, and after it is forgotten",
      async () => {
        const access = { repo: join(folder, "database"), password: "database-password" };
        await restic(["backup", "--host", "new", import.meta.filename], access);
        await agent.collect();
        expect(await agree("new snapshot", (text) => text.includes('host="new"'))).toEqual(
          NO_DIFFERENCE,
        );
        await restic(["forget", "--host", "new", "--unsafe-allow-remove-all"], access);
        await agent.collect();
        expect(await agree("forgotten snapshot", (text) => !text.includes('host="new"'))).toEqual(
          NO_DIFFERENCE,
        );
      },
    );

    test("after a repository fails, and after one is removed", async () => {
      await agent.configure(settings(web, database("wrong")));
      await agent.reload();
      await agent.collect();
      expect(
        await agree("failing repository", (text) => text.includes('error_type="wrong_password"')),
      ).toEqual(NO_DIFFERENCE);
      await agent.configure(settings(web));
      await agent.reload();
      await agent.collect();
      expect(await agree("removed repository", (text) => !ofDatabase(text))).toEqual(NO_DIFFERENCE);
    });

    test("after a reload that adds a repository", async () => {
      const laptop = { repo: join(EXAMPLES, "laptop"), password: "laptop-password" };
      await agent.configure(settings(web, laptop));
      await agent.reload();
      await agent.collect();
      expect(await agree("reload", (text) => text.includes(laptop.repo))).toEqual(NO_DIFFERENCE);
    });

    test("after a restart", async () => {
      await agent.stop();
      await launch();
      expect(await agree("restart", ofDatabase)).toEqual(NO_DIFFERENCE);
    });
  },
);

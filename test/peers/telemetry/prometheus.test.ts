import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startAgent } from "../../support/agent/agent.ts";
import type { RunningAgent } from "../../support/agent/agent.ts";
import { expectedSets } from "../../support/repository/expected-sets.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import { query, startPrometheus } from "../../support/otlp/prometheus.ts";
import type { Server } from "../../support/http/server.ts";
import { until } from "../../support/core/until.ts";

const FIXTURE = join(import.meta.dirname, "../../fixtures/v1");
const EXAMPLES = join(import.meta.dirname, "../../../examples/prometheus");

describe.skipIf(!requirePeer("promtool"))("Prometheus accepts examples/prometheus:", () => {
  test.for([
    ["check", "config", join(EXAMPLES, "prometheus.yml")],
    ["check", "rules", join(EXAMPLES, "alerts.yml"), join(EXAMPLES, "restic-reporter.yml")],
    ["test", "rules", join(import.meta.dirname, "alerts.yml")],
    ["test", "rules", join(import.meta.dirname, "alerts-of-days.yml")],
    ["test", "rules", join(import.meta.dirname, "expectations.yml")],
    ["test", "rules", join(import.meta.dirname, "restic-reporter.yml")],
  ])("promtool %s %s", (args) => {
    const { status, stdout, stderr } = spawnSync(requirePeer("promtool") ?? "", args, {
      encoding: "utf8",
    });
    expect(`${stdout}${stderr}`).toContain("SUCCESS");
    expect(status).toBe(0);
  });
});

interface Rules {
  readonly data: {
    readonly groups: readonly {
      readonly lastEvaluation: string;
      readonly rules: readonly { readonly name: string; readonly state: string }[];
    }[];
  };
}

describe.skipIf(!requirePeer("prometheus"))("an agent scraped by Prometheus", () => {
  let agent: RunningAgent;
  let prometheus: Server;

  beforeAll(async () => {
    agent = await startAgent([
      { repo: FIXTURE, password: "correct horse" },
      { repo: "/nowhere", password: "p" },
    ]);
    await agent.collect();
    prometheus = await startPrometheus({
      config: JSON.stringify({
        global: { scrape_interval: "1s", evaluation_interval: "1s" },
        rule_files: [join(EXAMPLES, "restic-reporter.yml"), join(EXAMPLES, "alerts.yml")],
        scrape_configs: [
          {
            job_name: "restic-otel",
            static_configs: [{ targets: [new URL(agent.url).host] }],
          },
        ],
      }),
    });
    await until(
      "the first scrape",
      async () => (await query(prometheus.url, "up == 1")).length > 0,
    );
  });

  afterAll(async () => {
    await prometheus.stop();
    await agent.stop();
  });

  test("provides every backup set with its values", async () => {
    const sets = await expectedSets("v1");
    const byName = async (name: string): Promise<ReadonlyMap<string, number>> => {
      const found = await query(prometheus.url, name);
      return new Map(
        found.map(({ metric, value }) => [`${metric["host"]} ${metric["user"]}`, Number(value[1])]),
      );
    };
    const expected = (pick: (set: (typeof sets)[number]) => number): ReadonlyMap<string, number> =>
      new Map(sets.map((set) => [`${set.host} ${set.user}`, pick(set)]));
    expect(await byName("backup_snapshot_count")).toEqual(expected((set) => set.snapshots));
    expect(await byName("backup_newest_timestamp")).toEqual(expected((set) => set.newest));
    expect(await byName("backup_oldest_timestamp_seconds")).toEqual(expected((set) => set.oldest));
  });

  test("causes the alerts for its problems, and no others", async () => {
    const groups = async (): Promise<Rules["data"]["groups"]> => {
      const rules: Rules = JSON.parse(await (await fetch(`${prometheus.url}/api/v1/rules`)).text());
      return rules.data.groups;
    };
    // Prometheus evaluates rule groups at different times, and before the first scrape too.
    const scrapedMs = Date.now();
    await until("the evaluation of each group", async () =>
      (await groups()).every((group) => Date.parse(group.lastEvaluation) > scrapedMs),
    );
    const active = (await groups())
      .flatMap((group) => group.rules)
      .flatMap(({ name, state }) => (state === "inactive" ? [] : [[name, state]]));
    expect(Object.fromEntries(active)).toEqual({
      BackupJobFailures: "firing",
      BackupReadFailures: "firing",
      BackupSetTooOld: "firing",
      BackupRepositoryUnreadable: "pending",
    });
  });
});

import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeEach, expect, onTestFinished, test } from "vitest";

import { monitorSettings } from "../../instrumentation/embedding/monitor-settings.ts";
import { Monitor } from "../../instrumentation/monitor/monitor.ts";
import { requirePeer } from "../support/agent/peers.ts";
import { Samples } from "../support/agent/samples.ts";
import { tableText } from "../support/agent/table-text.ts";
import { FakeClock } from "../support/core/clock.ts";
import { ArrayLogger } from "../support/core/logger.ts";
import { repositoryFolder } from "../support/repository/repository-folder.ts";
import { SealedRepository } from "../support/repository/sealed-repository.ts";

const HOUR = 3_600_000;
const RULES = join(import.meta.dirname, "../../examples/prometheus/alerts.yml");

let folder: string;
let sealed: SealedRepository;
let clock: FakeClock;
let logger: ArrayLogger;
/** The texts of the agent, one an hour from the epoch on; undefined: it was down. */
let texts: (string | undefined)[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "changes-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  sealed = new SealedRepository("p");
  clock = new FakeClock(0);
  const sleep = clock.sleep.bind(clock);
  // A second listing follows at once.
  clock.sleep = (ms, signal) => (ms === 3000 ? Promise.resolve() : sleep(ms, signal));
  logger = new ArrayLogger();
  texts = [];
});

function add(host: string, hour: number): string {
  const id = sealed.addSnapshot({
    time: new Date(hour * HOUR).toISOString(),
    hostname: host,
    username: "root",
  });
  return join(folder, "repository", "snapshots", id);
}

interface Restartable {
  readonly hours: (count: number) => Promise<void>;
  readonly down: () => Promise<void>;
}

/** An agent that is collected and scraped each hour. */
async function agent(settings: object): Promise<Restartable> {
  const repo = await repositoryFolder(sealed.files, join(folder, "repository"));
  const start = (): Monitor =>
    new Monitor(monitorSettings({ repositories: [{ repo, password: "p" }], ...settings }), {
      clock,
      logger,
    });
  let monitor = start();
  onTestFinished(() => monitor.stop());
  return {
    async hours(count) {
      for (let hour = 0; hour < count; hour++) {
        await monitor.collect();
        texts.push(await tableText(monitor.tables, clock.now()));
        await clock.advance(HOUR);
      }
    },
    async down() {
      await monitor.stop();
      texts.push(undefined);
      await clock.advance(HOUR);
      monitor = start();
    },
  };
}

/** Evaluates expressions over the texts. @returns the output of promtool */
async function promtool(
  tests: readonly (readonly [hour: number, expr: string, value: number | undefined])[],
): Promise<string> {
  const values = new Map<string, string[]>();
  for (const [hour, text] of texts.entries()) {
    for (const line of (text ?? "").split("\n")) {
      const [, series, value = ""] = /^(backup_repository_[^#].*) (\S+)$/.exec(line) ?? [];
      if (series === undefined) continue;
      const known = values.get(series) ?? Array.from({ length: hour }, () => "_");
      values.set(series, [...known, value]);
    }
    for (const known of values.values()) if (known.length === hour) known.push("_");
  }
  const content = {
    rule_files: [RULES],
    evaluation_interval: "1h",
    tests: [
      {
        interval: "1h",
        input_series: [...values].map(([series, all]) => ({
          series: series.replace("{", '{instance="agent",'),
          values: all.join(" "),
        })),
        promql_expr_test: tests.map(([hour, expr, value]) => ({
          expr,
          eval_time: `${hour}h`,
          exp_samples: value === undefined ? [] : [{ labels: "{}", value }],
        })),
      },
    ],
  };
  const file = join(folder, "test.yml");
  await writeFile(file, JSON.stringify(content));
  const run = spawnSync(requirePeer("promtool") ?? "", ["test", "rules", file], {
    encoding: "utf8",
  });
  return `${run.stdout}${run.stderr}`;
}

const REMOVED = "backup_repository_snapshots_removed_total";
const NEWEST = "backup_repository_last_newest_removal_timestamp_seconds";

/** One old snapshot is removed at hour 3; one newest and one old snapshot while the agent is down at hour 5. */
async function history(settings: object): Promise<void> {
  const [old, , older, newest] = [add("a", -9), add("a", -8), add("b", -7), add("b", -6)];
  const { hours, down } = await agent(settings);
  await hours(3);
  await rm(old);
  await hours(2);
  await rm(older);
  await rm(newest);
  await down();
  await hours(2);
}

test.skipIf(!requirePeer("promtool"))(
  "with stateDir counters and times go on over a restart: increase() and the alert tell of removals while the agent was down",
  async () => {
    await history({ stateDir: join(folder, "state") });
    const output = await promtool([
      [2, `sum(${REMOVED})`, 0],
      [4, `sum(increase(${REMOVED}[3h])) > bool 0.5`, 1],
      [4, `sum(${NEWEST})`, undefined],
      [4, `sum(time() - backup_repository_last_removal_timestamp_seconds)`, 3600],
      [7, `sum(increase(${REMOVED}[8h])) > bool 2.5`, 1],
      [7, `sum(increase(${REMOVED}[4h])) > bool 1.5`, 1],
      [7, `sum(resets(${REMOVED}[8h]))`, 0],
      [7, `sum(time() - ${NEWEST})`, 3600],
      [7, `sum(backup_repository_last_removed_snapshots)`, 2],
      [7, `sum(backup_repository_vanished_sets)`, 1],
      [4, `count(ALERTS{alertname="BackupNewestRemoved"})`, undefined],
      [7, `count(ALERTS{alertname="BackupNewestRemoved"})`, 1],
    ]);
    expect(output).toContain("SUCCESS");
  },
);

test.skipIf(!requirePeer("promtool"))(
  "without stateDir the time of a restart is not seen, and the counters begin with 0",
  async () => {
    await history({});
    const output = await promtool([
      [4, `sum(${REMOVED})`, 1],
      [6, `sum(${REMOVED})`, 0],
      [7, `sum(increase(${REMOVED}[8h])) < bool 1.5`, 1],
      [7, `sum(${NEWEST})`, undefined],
      [7, `sum(backup_repository_vanished_sets)`, undefined],
    ]);
    expect(output).toContain("SUCCESS");
  },
);

test("without stateDir a reload of the entry keeps counters and times, and appendOnly counts from then on", async () => {
  const [first, second] = [add("a", -9), add("a", -8), add("a", -7)];
  const repo = await repositoryFolder(sealed.files, join(folder, "repository"));
  const settings = (appendOnly: boolean): ReturnType<typeof monitorSettings> =>
    monitorSettings({ repositories: [{ repo, password: "p", appendOnly }] });
  const monitor = new Monitor(settings(false), { clock, logger });
  onTestFinished(() => monitor.stop());
  const collect = async (): Promise<readonly (number | undefined)[]> => {
    await monitor.collect();
    const samples = new Samples(await tableText(monitor.tables, clock.now()));
    const violated = samples.value("backup_repository_append_only_violated_timestamp_seconds");
    const removal = samples.value("backup_repository_last_removal_timestamp_seconds");
    await clock.advance(HOUR);
    return [samples.value(REMOVED), removal, violated];
  };
  expect(await collect()).toEqual([0, undefined, undefined]);
  await rm(first);
  expect(await collect()).toEqual([1, 3600, undefined]);
  monitor.reload(settings(true));
  expect(await collect()).toEqual([1, 3600, undefined]);
  await rm(second);
  expect(await collect()).toEqual([2, 3 * 3600, 3 * 3600]);
  monitor.reload(settings(false));
  expect(await collect()).toEqual([2, 3 * 3600, undefined]);
});

test("retired and renamed sets have not vanished", async () => {
  const gone = ["old", "box-1", "box-2", "web"].map((host) => add(host, -5));
  add("box-3", -4);
  const { hours } = await agent({
    stateDir: join(folder, "state"),
    retired: [{ hosts: ["old"], since: "1970-01-01" }],
    rename: [{ hosts: ["box-*"], as: "box" }],
  });
  await hours(1);
  for (const path of gone) await rm(path);
  await hours(1);
  const vanished = texts.map((text) =>
    new Samples(text ?? "").value("backup_repository_vanished_sets"),
  );
  expect(vanished).toEqual([0, 1]);
});

test("each change is a line in the log, at most 1,000 a collection, and one summary", async () => {
  const all = Array.from({ length: 1500 }, (_, hour) => add("web", -hour));
  add("db", 0);
  const { hours } = await agent({ stateDir: join(folder, "state") });
  await hours(1);
  await Promise.all(all.slice(1).map((path) => rm(path)));
  logger.clear();
  await hours(1);
  const lines = logger.lines.filter(({ fields }) => fields["event"] !== undefined);
  expect(lines).toHaveLength(1000);
  expect(lines[0]).toMatchObject({
    level: "info",
    message: "a snapshot was removed",
    fields: { event: "snapshot_removed", host: "web", user: "root", paths: "/data" },
  });
  expect(lines[0]?.fields["snapshotTime"]).toMatch(/^19\d\d-\d\d-\d\dT/);
  // The line has a time of its own.
  expect(lines.filter(({ fields }) => "time" in fields)).toEqual([]);
  expect(
    logger.lines.filter(({ message }) => message.startsWith("the repository changed")),
  ).toEqual([
    expect.objectContaining({
      fields: expect.objectContaining({ snapshot_removed: 1499, not_logged: 499 }),
    }),
  ]);
  logger.clear();
  await hours(1);
  expect(logger.texts).toEqual([]);
});

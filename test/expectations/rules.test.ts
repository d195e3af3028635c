import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { requirePeer } from "../support/agent/peers.ts";
import { tableText } from "../support/agent/table-text.ts";
import { ExpectationScene } from "../support/expectations/scene.ts";
import type { Shot } from "../support/expectations/scene.ts";

const RULES = join(import.meta.dirname, "../../examples/prometheus/alerts.yml");
const URLS = ["/a", "/b", "/c"];
const MINUTE = 60;

const SECTIONS = {
  expect: [
    { name: "all", hosts: ["never", "late", "fresh", "empty", "old-*"], maxAge: "30m" },
    { name: "pair", hosts: ["behind", "both"], copies: 2, maxAge: "30m" },
    {
      name: "later",
      hosts: ["paused"],
      maxAge: "30m",
      paused: { until: "1970-01-02" },
    },
  ],
  retired: [{ hosts: ["old-*"], since: "1970-01-01T00:10Z" }],
};

/** The alerts that fire when all repositories are known: name, expectation, host. */
const FIRING = [
  "BackupCopyLate pair behind",
  "BackupLate all empty",
  "BackupLate all late",
  "BackupNeverSeen all never",
];

/** While a repository is away it could have newer snapshots: one alert for each expectation. */
const UNREAD = ["BackupLateUnread all", "BackupLateUnread pair"];

/** The snapshots in a repository: backups ran every ten minutes, and some of them stopped after the first. */
function shotsAt(url: string, minute: number): readonly Shot[] {
  const runs = Array.from({ length: Math.floor(minute / 10) + 1 }, (_, run) => run * 10 * MINUTE);
  const first = 1;
  const each = runs.map((run) => run + first);
  const hosts: readonly (readonly [host: string, times: readonly number[]])[] = [
    ["fresh", each],
    ["empty", each],
    ["both", url === "/c" ? [] : each],
    ["behind", { "/a": each, "/b": [first] }[url] ?? []],
    ["late", [first]],
    ["old-1", [first]],
    ["paused", [first]],
  ];
  return hosts.flatMap(([host, times]) =>
    times.map((at): Shot => ({ host, at, files: host === "empty" && at > first ? 0 : 9 })),
  );
}

/** Scrapes once a minute from the epoch on, as `promtool test rules` takes them: its clock begins there. */
class Scrapes {
  readonly scene = new ExpectationScene(0);
  /** By series, its value in each minute. */
  readonly #values = new Map<string, string[]>();
  #minute = 0;

  configure(): void {
    this.scene.configure(SECTIONS, URLS);
  }

  /** @param away repositories that cannot be read */
  collect(urls: readonly string[] = URLS, away: readonly string[] = []): void {
    for (const url of urls)
      if (away.includes(url)) this.scene.fail(url);
      else this.scene.read(url, shotsAt(url, this.#minute));
  }

  /** One scrape of the texts of the agent; without it the series are stale. */
  async scrape(isUp = true): Promise<void> {
    const text = isUp ? await tableText(this.scene.tables, this.#minute * MINUTE * 1000) : "";
    const lines = text.split("\n").flatMap((line) => /^([^#].*) (\S+)$/.exec(line) ?? []);
    for (let at = 1; at < lines.length; at += 3) this.#put(lines[at] ?? "", lines[at + 1] ?? "");
    for (const [series, values] of this.#values)
      if (values.length === this.#minute)
        this.#put(series, /^(?:stale|_)$/.test(values.at(-1) ?? "_") ? "_" : "stale");
    this.#minute += 1;
    await this.scene.clock.advance(MINUTE * 1000);
  }

  #put(series: string, value: string): void {
    const values = this.#values.get(series) ?? Array.from({ length: this.#minute }, () => "_");
    this.#values.set(series, [...values, value]);
  }

  get minute(): number {
    return this.#minute;
  }

  /** @param from a Prometheus that begins here knows nothing of the time before */
  series(from = 0): readonly object[] {
    return [...this.#values].map(([series, values]) => ({
      series: series.replace("{", '{instance="agent",'),
      values: values.map((value, minute) => (minute < from ? "_" : value)).join(" "),
    }));
  }
}

/** Compares the firing alerts of each minute with what is expected. Returns the output of promtool. */
async function promtool(
  series: readonly object[],
  firing: ReadonlyMap<number, readonly string[]>,
  names = "Backup(Late|NeverSeen|CopyLate)",
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "restic-otel-rules-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "test.yml");
  const tests = Array.from(firing, ([minute, alerts]) => ({
    expr: `count by (alertname, expectation, host) (ALERTS{alertname=~"${names}",alertstate="firing"})`,
    eval_time: `${minute}m`,
    exp_samples: alerts.map((alert) => {
      const values = alert.split(" ");
      const labels = ["alertname", "expectation", "host"].slice(0, values.length);
      return {
        labels: `{${labels.map((label, index) => `${label}="${values[index]}"`).join(",")}}`,
        value: 1,
      };
    }),
  }));
  const content = {
    rule_files: [RULES],
    evaluation_interval: "1m",
    tests: [{ interval: "1m", input_series: series, promql_expr_test: tests }],
  };
  await writeFile(file, JSON.stringify(content));
  const args = ["test", "rules", file];
  const run = spawnSync(requirePeer("promtool") ?? "", args, { encoding: "utf8" });
  return `${run.stdout}${run.stderr}`;
}

function eachMinute(from: number, to: number, alerts: readonly string[]) {
  return Array.from({ length: to - from + 1 }, (_, index) => [from + index, alerts] as const);
}

async function pastOf(minutes: number): Promise<Scrapes> {
  const scrapes = new Scrapes();
  scrapes.configure();
  while (scrapes.minute < minutes) {
    scrapes.collect();
    await scrapes.scrape();
  }
  return scrapes;
}

test.skipIf(!requirePeer("promtool"))(
  "the rules fire for never seen, late, empty and a copy behind, not for fresh, retired and paused",
  async () => {
    const scrapes = await pastOf(50);
    expect(
      await promtool(
        scrapes.series(),
        new Map([...eachMinute(5, 29, []), ...eachMinute(32, 49, FIRING)]),
      ),
    ).toContain("SUCCESS");
  },
);

test.skipIf(!requirePeer("promtool")).for([true, false])(
  "in the first ten minutes after a restart of the agent while a repository is away nothing fires and nothing resolves (with stateDir: %s)",
  async (hasState) => {
    const scrapes = await pastOf(50);
    await scrapes.scrape(false);
    scrapes.scene.restart();
    scrapes.configure();
    // Between two scrapes one repository after the other is read.
    await scrapes.scrape();
    scrapes.collect(["/a"]);
    await scrapes.scrape();
    if (hasState) scrapes.scene.read("/b", shotsAt("/b", 49));
    for (let more = 0; more < 9; more++) {
      scrapes.collect(URLS, ["/b"]);
      await scrapes.scrape();
    }
    expect(await promtool(scrapes.series(), new Map(eachMinute(49, 61, FIRING)))).toContain(
      "SUCCESS",
    );
  },
);

test.skipIf(!requirePeer("promtool"))(
  "in the first ten minutes after a restart of Prometheus nothing fires and nothing resolves",
  async () => {
    const scrapes = await pastOf(70);
    expect(await promtool(scrapes.series(50), new Map(eachMinute(50, 69, FIRING)))).toContain(
      "SUCCESS",
    );
  },
);

test.skipIf(!requirePeer("promtool"))(
  "in the first ten minutes after a restart of Prometheus while a repository is away nothing fires and nothing resolves",
  async () => {
    const scrapes = await pastOf(50);
    while (scrapes.minute < 86) {
      scrapes.collect(URLS, ["/b"]);
      await scrapes.scrape();
    }
    const all = "Backup(Late|NeverSeen|CopyLate|LateUnread)";
    const { minute } = scrapes;
    expect(
      await promtool(scrapes.series(), new Map(eachMinute(66, minute - 1, UNREAD)), all),
    ).toContain("SUCCESS");
    expect(
      await promtool(scrapes.series(70), new Map(eachMinute(70, minute - 1, UNREAD)), all),
    ).toContain("SUCCESS");
  },
);

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import { monitorSettings } from "../../instrumentation/embedding/monitor-settings.ts";
import { Monitor } from "../../instrumentation/monitor/monitor.ts";
import { requirePeer } from "../support/agent/peers.ts";
import { tableText } from "../support/agent/table-text.ts";
import { restic } from "../support/repository/restic-cli.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const CONTAINERS = 24;

describe.skipIf(!requirePeer("restic"))("of two repositories of restic", () => {
  let folder: string;
  const now = Date.now();

  /** As restic and JSON write it. */
  const ago = (ms: number): string =>
    new Date(now - ms).toISOString().slice(0, 19).replace("T", " ");

  const run = (name: string, ...args: readonly string[]): Promise<string> =>
    restic(args, { repo: join(folder, name), password: "p", env: { RESTIC_FROM_PASSWORD: "p" } });

  const backup = (host: string, ms: number, source: string, ...more: readonly string[]) =>
    run("a", "backup", "--host", host, "--time", ago(ms), ...more, join(folder, source));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "expected-"));
    for (const source of ["home", "etc", "none"]) await mkdir(join(folder, source));
    for (const source of ["home", "etc"]) await writeFile(join(folder, source, "file"), "text");
    await run("a", "init");
    await run("b", "init");
    await backup("web", 30 * DAY, "home", "--tag", "weekly,home");
    await backup("web", HOUR, "etc", "--tag", "weekly");
    await backup("db", 2 * DAY, "etc");
    await backup("empty", 3 * DAY, "etc");
    await backup("empty", 2 * DAY, "none");
    await backup("empty", HOUR, "none");
    await backup("old-1", 40 * DAY, "etc");
    await backup("old-2", HOUR, "etc");
    await backup("pair", 3 * DAY, "etc");
    await run("b", "copy", "--from-repo", join(folder, "a"), "--host", "pair");
    await backup("pair", HOUR, "etc");
    await backup("future", 3 * DAY, "etc");
    await backup("future", -1400 * DAY, "etc");
    for (let index = 0; index < CONTAINERS; index++)
      await backup(String(index).padStart(12, "a"), (CONTAINERS - index) * HOUR, "etc");
  });

  afterAll(() => rm(folder, { recursive: true }));

  /** The value and the reasons of each slot; ages are hours before the start of the test. */
  async function look(settings: object): Promise<readonly string[]> {
    const repositories = ["a", "b"].map((name) => ({ repo: join(folder, name), password: "p" }));
    const monitor = new Monitor(monitorSettings({ repositories, ...settings }));
    onTestFinished(() => monitor.stop());
    await monitor.collect();
    const text = await tableText(monitor.tables, now);
    return text.split("\n").flatMap((line) => {
      const [, name = "", labels = "", value = ""] =
        /^backup_(\w+)\{(.*)\} (\S+)$/.exec(line) ?? [];
      const shown = [...labels.matchAll(/(?:expectation|host|user|reason)="(.*?)"/g)]
        .map(([, label]) => label)
        .join(" ");
      if (name === "expectation_unmet") return [shown];
      if (name === "expected_max_age_seconds") return [`${shown}: max ${Number(value) / 3600} h`];
      if (name !== "expected_newest_timestamp_seconds") return [];
      const hours = (Math.floor(now / 1000) - Number(value)) / 3600;
      return [`${shown}: ${value === "0" ? "never" : `${Math.round(hours)} h`}`];
    });
  }

  const expectation = (rest: object): object => ({ name: "e", maxAge: "26h", ...rest });

  test.for<readonly [string, object, object, readonly string[]]>([
    ["a second job, by paths", { hosts: ["web"], paths: ["HOME"] }, {}, ["web: 720 h", "web late"]],
    [
      "a second job, by tags",
      { hosts: ["web"], tags: ["home", "weekly"] },
      {},
      ["web: 720 h", "web late"],
    ],
    ["all jobs of a host together", { hosts: ["web"] }, {}, ["web: 1 h"]],
    ["a host that was never seen", { hosts: ["never"] }, {}, ["never: never", "never never_seen"]],
    ["two missed days", { hosts: ["db"] }, {}, ["db: 48 h", "db late"]],
    ["two empty days", { hosts: ["empty"] }, {}, ["empty: 72 h", "empty late", "empty empty"]],
    [
      "a retired host, and one that comes back",
      { hosts: ["old-*"] },
      { retired: [{ hosts: ["old-*"], since: new Date(now - DAY).toISOString().slice(0, 10) }] },
      ["old-2: 1 h"],
    ],
    ["a pause", { hosts: ["db"], paused: { until: "2100-01-01" } }, {}, ["db: 48 h"]],
    ["a copy that is behind", { hosts: ["pair"], copies: 2 }, {}, ["pair: 72 h", "pair copies"]],
    [
      "a snapshot of the future",
      { hosts: ["future"] },
      {},
      ["future: 72 h", "future late", "future future"],
    ],
    [
      "a glob of users that finds none",
      { hosts: ["web"], users: ["p*"] },
      {},
      ["web: never", "web never_seen"],
    ],
    [
      "24 containers as one host",
      { hosts: ["container"] },
      { rename: [{ hosts: ["[0-9a-f]{12}"], as: "container" }] },
      ["container: 1 h"],
    ],
    [
      "the copy in the second repository alone",
      { hosts: ["pair"], repositories: ["*/b"] },
      {},
      ["pair: 72 h", "pair late"],
    ],
  ])("%s", async ([, rest, more, expected]) => {
    const text = JSON.stringify({ expect: [expectation(rest)], ...more });
    const shown = await look(JSON.parse(text.replace("HOME", join(folder, "home"))));
    expect(shown.filter((line) => !line.includes(": max"))).toEqual(
      expected.map((line) => `e ${line}`),
    );
    expect(shown.filter((line) => line.includes(": max"))).toHaveLength(1);
  });
});

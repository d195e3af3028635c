import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startAgent } from "../../support/agent/agent.ts";
import type { RunningAgent } from "../../support/agent/agent.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import type { Samples } from "../../support/agent/samples.ts";
import { restic } from "../../support/repository/restic-cli.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;
const START = Math.floor(Date.now() / 1000);
const PASSWORD = "p";
const CONTAINERS = 24;

/** As `restic backup --time` takes it. */
const time = (ago: number): string =>
  new Date((START - ago) * 1000).toISOString().slice(0, 19).replace("T", " ");

const SETTINGS = {
  rename: [{ hosts: ["[0-9a-f]{12}"], as: "container" }],
  retired: [
    { hosts: ["old-*"], since: new Date((START - 3 * DAY) * 1000).toISOString().slice(0, 10) },
  ],
  expect: [
    { name: "etc", hosts: ["web"], maxAge: "26h" },
    { name: "home", hosts: ["web"], maxAge: "26h" },
    { name: "tagged", hosts: ["web"], tags: ["pg"], maxAge: "26h" },
    { name: "never", hosts: ["nowhere"], maxAge: "26h" },
    { name: "missed", hosts: ["missed"], maxAge: "26h" },
    { name: "emptied", hosts: ["emptied"], maxAge: "26h" },
    { name: "containers", hosts: ["container"], maxAge: "26h", minSnapshots: CONTAINERS },
    { name: "paused", hosts: ["missed"], maxAge: "26h", paused: { until: "2126-01-01" } },
    { name: "copies", hosts: ["copied"], maxAge: "26h", copies: 2 },
    { name: "users", hosts: ["web"], users: ["nobody-*"], maxAge: "26h" },
    { name: "any", hosts: ["old-*", "w*"], maxAge: "100d" },
  ],
} as const;

describe.skipIf(!requirePeer("restic"))("expectations of repositories of restic", () => {
  let folder: string;
  let agent: RunningAgent;
  let samples: Samples;
  let main: string;
  let copy: string;

  function backup(
    path: string,
    host: string,
    ago: number,
    args: readonly string[] = [],
  ): Promise<string> {
    const place = join(folder, path);
    return restic(["backup", place, ...args], {
      repo: main,
      password: PASSWORD,
      host,
      time: time(ago),
    });
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "expectations-"));
    main = join(folder, "main");
    copy = join(folder, "copy");
    for (const repo of [main, copy]) await restic(["init"], { repo, password: PASSWORD });
    for (const path of ["etc", "home", "empty"]) await mkdir(join(folder, path));
    for (const path of ["etc", "home"]) await writeFile(join(folder, path, "file"), path);
    await backup("home", "web", 30 * DAY, ["--tag", "pg"]);
    await backup("etc", "web", HOUR);
    await backup("etc", "missed", 2 * DAY);
    await backup("etc", "emptied", 2 * DAY + HOUR);
    for (const ago of [DAY + HOUR, HOUR]) await backup("empty", "emptied", ago);
    for (const [host, ago] of [
      ["old-gone", 5 * DAY],
      ["old-back", 5 * DAY],
      ["old-back", HOUR],
      ["copied", 2 * DAY],
    ] as const)
      await backup("etc", host, ago);
    await restic(["copy", "--host", "copied"], {
      repo: copy,
      password: PASSWORD,
      env: { RESTIC_FROM_REPOSITORY: main, RESTIC_FROM_PASSWORD: PASSWORD },
    });
    await backup("etc", "copied", HOUR);
    for (let index = 0; index < CONTAINERS; index++)
      await backup("etc", index.toString(16).padStart(12, "0"), (index + 1) * HOUR);

    const [etc, home, ...others] = SETTINGS.expect;
    agent = await startAgent({
      ...SETTINGS,
      repositories: [main, copy].map((repo) => ({ repo, password: PASSWORD })),
      expect: [
        { ...etc, paths: [join(folder, "etc")] },
        { ...home, paths: [join(folder, "home")] },
        ...others,
      ],
    });
    samples = await agent.collect();
  });

  afterAll(async () => {
    await agent.stop();
    await rm(folder, { recursive: true });
  });

  /** Everything that is said of an expectation; times as seconds before the start. */
  function said(expectation: string): readonly unknown[] {
    return samples
      .of("backup_expected_newest_timestamp_seconds", { expectation })
      .map(({ labels, value }) => {
        const { expectation: _, ...slot } = labels;
        const reasons = samples
          .of("backup_expectation_unmet", labels)
          .map(({ labels: { reason } }) => reason);
        return { slot, age: value === 0 ? "never" : START - value, reasons };
      });
  }

  test.for<readonly [string, ...object[]]>([
    ["etc", { slot: { host: "web" }, age: HOUR, reasons: [] }],
    ["home", { slot: { host: "web" }, age: 30 * DAY, reasons: ["late"] }],
    ["tagged", { slot: { host: "web" }, age: 30 * DAY, reasons: ["late"] }],
    ["never", { slot: { host: "nowhere" }, age: "never", reasons: ["never_seen"] }],
    ["missed", { slot: { host: "missed" }, age: 2 * DAY, reasons: ["late"] }],
    ["emptied", { slot: { host: "emptied" }, age: 2 * DAY + HOUR, reasons: ["late", "empty"] }],
    ["containers", { slot: { host: "container" }, age: HOUR, reasons: [] }],
    ["paused", { slot: { host: "missed" }, age: 2 * DAY, reasons: [] }],
    ["copies", { slot: { host: "copied" }, age: 2 * DAY, reasons: ["copies"] }],
    ["users", { slot: { host: "web" }, age: "never", reasons: ["never_seen"] }],
    [
      "any",
      { slot: { host: "old-back" }, age: HOUR, reasons: [] },
      { slot: { host: "web" }, age: HOUR, reasons: [] },
    ],
  ])("%s", ([expectation, ...expected]) => {
    expect(said(expectation)).toEqual(expected);
    expect(samples.of("backup_expected_max_age_seconds", { expectation })).toHaveLength(
      expected.length,
    );
  });

  test("the containers are one set in all metrics", () => {
    const hosts = samples.sets(main).map(({ host, snapshots }) => [host, snapshots]);
    expect(hosts).toContainEqual(["container", CONTAINERS]);
    expect(hosts).toHaveLength(7);
  });

  test("sets that are judged, and those that are not", () => {
    const judged = (url: string): readonly unknown[] =>
      samples.of("backup_set_judged", { url }).map(({ labels: { host } }) => host);
    expect(judged(main)).toEqual([
      "container",
      "copied",
      "emptied",
      "missed",
      "old-back",
      "old-gone",
      "web",
    ]);
    expect(judged(copy)).toEqual(["copied"]);
    expect(samples.value("backup_unexpected_sets", { url: main })).toBe(0);
    expect(samples.value("backup_expectations")).toBe(SETTINGS.expect.length);
    expect(samples.of("backup_expectation_paused_until_timestamp_seconds")).toMatchObject([
      { labels: { expectation: "paused" }, value: Date.parse("2126-01-01") / 1000 },
    ]);
  });
});

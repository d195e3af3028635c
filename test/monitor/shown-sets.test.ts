import { expect, test } from "vitest";

import { monitorSettings } from "../../instrumentation/embedding/monitor-settings.ts";
import type { ResticInstrumentationConfig } from "../../instrumentation/embedding/config.ts";
import { Monitor } from "../../instrumentation/monitor/monitor.ts";
import { tableText } from "../support/agent/table-text.ts";
import { recordedBackend } from "../support/backends/recorded-backend.ts";
import { FakeClock } from "../support/core/clock.ts";
import { ArrayLogger } from "../support/core/logger.ts";
import { SealedRepository } from "../support/repository/sealed-repository.ts";

const NOW = 1_767_225_600_000;

/** An agent with one repository in memory, at `mem:r`. */
class Scene {
  readonly sealed = new SealedRepository("p", 1);
  readonly clock = new FakeClock(NOW);
  readonly logger = new ArrayLogger();
  readonly backends = { mem: async () => recordedBackend(this.sealed.files, () => {}) };
  readonly monitor: Monitor;
  #count = 0;

  constructor(config: Partial<ResticInstrumentationConfig>) {
    const { clock, logger, backends } = this;
    this.monitor = new Monitor(this.settings(config), { clock, logger, backends });
  }

  settings(config: Partial<ResticInstrumentationConfig>): ReturnType<typeof monitorSettings> {
    const { backends } = this;
    return monitorSettings({
      repositories: [{ repo: "mem:r", password: "p" }],
      backends,
      ...config,
    });
  }

  add(hostname: string, more: object = {}): void {
    const time = new Date(NOW - 3_600_000 + this.#count++).toISOString();
    this.sealed.addSnapshot({ time, hostname, username: "root", ...more });
  }

  /** Collects, and returns the lines of the metrics, without `url` and `user`. */
  async collect(): Promise<readonly string[]> {
    await this.clock.advance(60_000);
    await this.monitor.collect();
    return this.lines();
  }

  async lines(): Promise<readonly string[]> {
    const text = await tableText(this.monitor.tables, this.clock.now());
    return text
      .split("\n")
      .filter((line) => !line.startsWith("#"))
      .map((line) => line.replaceAll(/url="mem:r",?|,user="root"/g, "").replace("{}", ""));
  }
}

const of = (lines: readonly string[], metric: string): readonly string[] =>
  lines
    .filter((line) => line.startsWith(metric))
    .map((line) =>
      line
        .slice(metric.length)
        .replace(/^\{host=/, "")
        .replaceAll(/["}]/g, ""),
    );

test("of 50,000 hosts in one repository as many are shown as maxSets says, and those that are expected", async () => {
  const expected = Array.from({ length: 10 }, (_, index) => `host-${index * 5000 + 4999}`);
  const scene = new Scene({ expect: [{ name: "e", hosts: expected, maxAge: "26h" }] });
  for (let host = 0; host < 50_000; host++) scene.add(`host-${host}`);
  const lines = await scene.collect();
  const hosts = of(lines, "backup_snapshot_count").map((line) => line.replace(" 1", ""));
  expect(hosts).toHaveLength(10_000);
  expect(expected.filter((host) => !hosts.includes(host))).toEqual([]);
  expect(of(lines, "backup_set_judged")).toHaveLength(10);
  expect(of(lines, "backup_repository_hidden_sets")).toEqual([" 40000"]);
  expect(of(lines, "backup_unexpected_sets")).toEqual([" 49990"]);
  expect(of(lines, "backup_repository_up")).toEqual([" 1"]);
  expect(of(lines, "backup_read_error_count")).toEqual([" 1"]);
  expect(of(lines, "backup_job_error_count")).toEqual([" 1"]);
  expect(of(lines, "backup_repository_error")).toEqual(["{error_type=other 1"]);
  expect(of(lines, "backup_repository_snapshots ")).toEqual(["50000"]);
  expect(lines.length).toBeLessThan(150_000);
  expect(scene.logger.texts.filter((text) => text.includes("not shown"))).toEqual([
    expect.stringContaining(
      "40000 of the 50000 backup sets are not shown: raise maxSets (10000), or make one host of many by rename",
    ),
  ]);
});

test("expected sets are shown first, then sets of several snapshots, then single ones by age", async () => {
  const scene = new Scene({ maxSets: 3 });
  scene.add("z-first");
  await scene.collect();
  for (const host of ["a-second", "b-twice", "b-twice"]) scene.add(host);
  await scene.collect();
  scene.add("c-third");
  const shown = (lines: readonly string[]): unknown => [
    ...of(lines, "backup_snapshot_count"),
    ...of(lines, "backup_repository_hidden_sets"),
    ...of(lines, "backup_repository_error"),
  ];
  expect(shown(await scene.collect())).toEqual([
    "a-second 1",
    "b-twice 2",
    "z-first 1",
    " 1",
    "{error_type=other 1",
  ]);
  scene.monitor.reload(scene.settings({ maxSets: 2 }));
  expect(of(await scene.lines(), "backup_snapshot_count")).toEqual(["b-twice 2", "z-first 1"]);
  const expectation = { name: "e", hosts: ["c-*"], maxAge: "26h" };
  scene.monitor.reload(scene.settings({ maxSets: 2, expect: [expectation] }));
  expect(of(await scene.lines(), "backup_snapshot_count")).toEqual(["b-twice 2", "c-third 1"]);
  scene.monitor.reload(scene.settings({ maxSets: 1, expect: [expectation] }));
  expect(of(await scene.lines(), "backup_snapshot_count")).toEqual(["c-third 1"]);
  scene.monitor.reload(scene.settings({}));
  expect(shown(await scene.collect())).toEqual([
    "a-second 1",
    "b-twice 2",
    "c-third 1",
    "z-first 1",
    " 0",
  ]);
});

test("a set that is not shown is not judged, and an unreadable file is the error beside hidden sets", async () => {
  const retired = [{ hosts: ["*"], since: "2027-01-01" }];
  const scene = new Scene({ maxSets: 1, retired });
  scene.add("a");
  scene.add("b");
  scene.add("b");
  scene.sealed.addFile("snapshots", Buffer.from("damaged"));
  const lines = await scene.collect();
  expect(of(lines, "backup_set_judged")).toEqual(["b 1"]);
  expect(of(lines, "backup_repository_error")).toEqual(["{error_type=corrupt 1"]);
  expect(of(lines, "backup_repository_hidden_sets")).toEqual([" 1"]);
});

test("groupBy adds series for each group, and changes no others", async () => {
  const scene = new Scene({});
  scene.add("a", { paths: ["/etc"], tags: ["x"] });
  scene.add("a", { paths: ["/etc"], tags: ["y"] });
  scene.add("a", { paths: ["/home"], tags: ["x"] });
  const before = await scene.collect();
  expect(before.filter((line) => line.startsWith("backup_group"))).toEqual([]);
  const groups = async (groupBy: readonly ("paths" | "tags")[]): Promise<readonly string[]> => {
    scene.monitor.reload(scene.settings({ groupBy }));
    const lines = await scene.lines();
    expect(lines.filter((line) => !line.startsWith("backup_group"))).toEqual(before);
    return [
      ...of(lines, "backup_group_snapshots"),
      ...of(lines, "backup_group_info"),
      ...of(lines, "backup_group_newest_timestamp_seconds"),
    ].map((line) => line.replace(/group=[0-9a-f]{12}/, "G"));
  };
  const time = String(NOW / 1000 - 3600);
  expect((await groups(["paths"])).toSorted()).toEqual([
    "a,G 1",
    `a,G ${time}`,
    `a,G ${time}`,
    "a,G 2",
    "a,G,paths=/etc 1",
    "a,G,paths=/home 1",
  ]);
  expect((await groups(["tags"])).filter((line) => line.includes("tags"))).toHaveLength(2);
  expect((await groups(["paths", "tags"])).filter((line) => line.includes("/")).toSorted()).toEqual(
    ["a,G,tags=x,paths=/etc 1", "a,G,tags=x,paths=/home 1", "a,G,tags=y,paths=/etc 1"],
  );
});

test("maxSets bounds the groups of a repository too", async () => {
  const scene = new Scene({ maxSets: 2, groupBy: ["paths"] });
  for (const path of ["/a", "/b", "/b", "/c"]) scene.add("a", { paths: [path] });
  const lines = await scene.collect();
  expect(of(lines, "backup_snapshot_count")).toEqual(["a 4"]);
  expect(of(lines, "backup_group_info").filter((line) => line.includes("paths=/b"))).toHaveLength(
    1,
  );
  const counts = of(lines, "backup_group_snapshots").map((line) => line.at(-1));
  expect(counts).toHaveLength(2);
  expect(new Set(counts)).toEqual(new Set(["1", "2"]));
  expect(of(lines, "backup_repository_hidden_sets")).toEqual([" 1"]);
  expect(scene.logger.texts.filter((text) => text.includes("not shown"))).toEqual([
    expect.stringContaining(
      "1 of the 3 groups of snapshots are not shown: raise maxSets (2), or change groupBy",
    ),
  ]);
});

test("the log says once how many slots are above maxSlots, and slots of names are not among them", async () => {
  const expectation = { name: "e", hosts: ["z", "*"], maxAge: "26h" };
  const scene = new Scene({ maxSlots: 2, expect: [expectation] });
  for (const host of ["a", "b", "c"]) scene.add(host);
  await scene.collect();
  const lines = await scene.collect();
  expect(of(lines, "backup_expected_max_age_seconds{expectation=")).toEqual([
    "e,host=a 93600",
    "e,host=z 93600",
  ]);
  expect(scene.logger.texts.filter((text) => text.includes("slots"))).toEqual([
    "warn 2 slots of expectations are not shown: raise maxSlots, or name fewer hosts by globs {}",
  ]);
});

test("more slots than maxSlots are one line of the log, and hide no slot of a name", async () => {
  const config = { expect: [{ name: "e", hosts: ["web", "*"], maxAge: "26h" }], maxSlots: 2 };
  const scene = new Scene(config);
  for (const host of ["a", "b"]) scene.add(host);
  const newest = async (): Promise<readonly string[]> =>
    of(await scene.collect(), "backup_expected_newest_timestamp_seconds").map((line) =>
      line.replace(/ \d+$/, ""),
    );
  expect(await newest()).toEqual(["{expectation=e,host=a", "{expectation=e,host=web"]);
  for (const host of ["c", "d"]) scene.add(host);
  expect(await newest()).toEqual(["{expectation=e,host=a", "{expectation=e,host=web"]);
  expect(of(await scene.lines(), "backup_hidden_slots")).toEqual([" 3"]);
  scene.monitor.reload(scene.settings({ ...config, maxSlots: 5 }));
  expect(await newest()).toHaveLength(5);
  expect(scene.logger.texts.filter((line) => line.includes("slots"))).toEqual([
    "warn 1 slots of expectations are not shown: raise maxSlots, or name fewer hosts by globs {}",
    "info all slots of expectations are shown {}",
  ]);
});

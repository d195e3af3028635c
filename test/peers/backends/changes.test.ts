import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeEach, describe, expect, onTestFinished, test } from "vitest";

import { systemClock } from "../../../instrumentation/core/clock.ts";
import { monitorSettings } from "../../../instrumentation/embedding/monitor-settings.ts";
import { Monitor } from "../../../instrumentation/monitor/monitor.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import { Samples } from "../../support/agent/samples.ts";
import { tableText } from "../../support/agent/table-text.ts";
import { restic } from "../../support/repository/restic-cli.ts";

/** How the metrics differ from those of the collection before; a time is `now` if it was set by this collection. */
type Changes = Readonly<Record<string, number | "now">>;

describe.skipIf(!requirePeer("restic"))("after a command of restic", () => {
  let folder: string;
  let look: () => Promise<Changes>;

  const run = (...args: readonly string[]): Promise<string> =>
    restic(args, { repo: join(folder, "repository"), password: "p", env: { NEW: "q" } });

  const backup = async (host: string, ...more: readonly string[]): Promise<string> => {
    const words = ["backup", "--json", "--host", host, ...more, "--", join(folder, "files")];
    const json = await run(...words);
    const [, id = ""] = /"snapshot_id":"([0-9a-f]{64})"/.exec(json) ?? [];
    return id;
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "changes-"));
    await mkdir(join(folder, "files"));
    for (const name of ["one", "two", "three"]) await writeFile(join(folder, "files", name), name);
    await run("init");
    const settings = monitorSettings({
      repositories: [{ repo: join(folder, "repository"), password: "p" }],
      stateDir: join(folder, "state"),
    });
    // The second listing follows at once.
    const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
      ms === 3000 ? Promise.resolve() : systemClock.sleep(ms, signal);
    let monitor = new Monitor(settings, { clock: { ...systemClock, sleep } });
    let before: ReadonlyMap<string, number> = new Map();
    look = async () => {
      // A restart between any two collections changes nothing.
      await monitor.stop();
      monitor = new Monitor(settings, { clock: { ...systemClock, sleep } });
      const startedAt = Date.now() / 1000;
      await monitor.collect();
      const samples = new Samples(await tableText(monitor.tables, Date.now()));
      const now = new Map(
        samples.all
          .filter(({ name }) =>
            /_total$|removal|removed|rewrite|keys|vanished|backdated/.test(name),
          )
          .filter(({ name }) => !/requests|received|derivations/.test(name))
          .map(({ name, labels: { content, change, host }, value }) => {
            const short = name
              .replace(/^backup_(repository_)?/, "")
              .replace("_timestamp_seconds", "");
            return [[short, content ?? change ?? host ?? ""].join(" ").trim(), value];
          }),
      );
      const changes: Record<string, number | "now"> = {};
      for (const [name, value] of now) {
        const old = before.get(name) ?? 0;
        if (value === old) continue;
        const isTime = value > 1e9;
        if (isTime) changes[name] = value >= startedAt ? "now" : value;
        else changes[name] = /_total/.test(name) ? value - old : value;
      }
      before = now;
      return changes;
    };
    onTestFinished(async () => {
      await monitor.stop();
      await rm(folder, { recursive: true });
    });
  });

  test("backup, tag and rewrite", async () => {
    for (const host of ["a", "a", "b"]) await backup(host);
    expect(await look()).toEqual({ keys: 1 });
    await backup("b");
    expect(await look()).toEqual({ snapshots_added_total: 1 });
    await run("tag", "--add", "nightly", "--host", "b", "latest");
    expect(await look()).toEqual({
      snapshots_added_total: 1,
      "snapshots_replaced_total same": 1,
    });
    const text = await run("rewrite", "--forget", "--exclude", "one", "--host", "a");
    const said = Number(/modified (\d+) snapshots/.exec(text)?.[1]);
    expect(said).toBe(2);
    expect(await look()).toEqual({
      snapshots_added_total: said,
      "snapshots_replaced_total changed": said,
      last_rewrite: "now",
    });
    await run("rewrite", "--forget", "--exclude", "two", "--host", "b");
    await run("tag", "--add", "weekly", "--host", "b");
    await run("rewrite", "--forget", "--new-host", "c", "--host", "b");
    await run("rewrite", "--forget", "--new-host", "b", "--host", "c");
    expect(await look()).toEqual({
      snapshots_added_total: 2,
      "snapshots_replaced_total changed": 2,
      last_rewrite: "now",
    });
    await run("rewrite", "--forget", "--exclude", "*", "--host", "b");
    expect(await look()).toEqual({
      snapshots_added_total: 2,
      snapshots_removed_total: 2,
      last_removal: "now",
      last_removed_snapshots: 2,
      last_removed_ratio: 0.5,
      last_newest_removal: "now",
    });
  });

  test("backup --time and rewrite --new-time are backdated", async () => {
    await backup("a");
    await look();
    await backup("a", "--time", "2020-01-02 03:04:05");
    expect(await look()).toEqual({
      snapshots_added_total: 1,
      "backdated_snapshots a": 1,
      last_backdated: "now",
    });
    await run("rewrite", "--new-time", "2021-02-03 04:05:06", "--host", "a", "latest");
    expect(await look()).toEqual({
      snapshots_added_total: 1,
      "backdated_snapshots a": 2,
      last_backdated: "now",
    });
  });

  test("forget by a policy removes as many as it says, and no newest one; prune removes none", async () => {
    for (let day = 1; day <= 9; day++)
      for (const host of ["a", "b"]) await backup(host, "--time", `2026-01-0${day} 03:04:05`);
    await look();
    const json = await run("forget", "--json", "--keep-daily", "3", "--keep-monthly", "1");
    const groups: readonly { readonly remove: readonly unknown[] | null }[] = JSON.parse(json);
    const removed = groups.flatMap(({ remove }) => remove ?? []).length;
    expect(removed).toBe(12);
    expect(await look()).toEqual({
      snapshots_removed_total: removed,
      last_removal: "now",
      last_removed_snapshots: removed,
      last_removed_ratio: removed / 18,
      "backdated_snapshots a": 3,
      "backdated_snapshots b": 3,
    });
    await run("prune");
    expect(await look()).toEqual({});
  });

  test("forget of a newest snapshot, and of all of a host", async () => {
    const [, newest] = [await backup("a"), await backup("a"), await backup("b")];
    await backup("b");
    await look();
    await run("forget", newest);
    expect(await look()).toEqual({
      snapshots_removed_total: 1,
      last_removal: "now",
      last_removed_snapshots: 1,
      last_removed_ratio: 0.25,
      last_newest_removal: "now",
    });
    await run("forget", "--unsafe-allow-remove-all", "--host", "b");
    expect(await look()).toEqual({
      snapshots_removed_total: 2,
      last_removal: "now",
      last_removed_snapshots: 2,
      last_removed_ratio: 2 / 3,
      last_newest_removal: "now",
      vanished_sets: 1,
    });
  });

  test("forget --keep-last 1 of two users with the same paths removes no newest one", async () => {
    await backup("a");
    await restic(["backup", "--host", "a", join(folder, "files")], {
      repo: join(folder, "repository"),
      password: "p",
      user: "other",
    });
    await look();
    await run("forget", "--keep-last", "1");
    expect(await look()).toEqual({
      snapshots_removed_total: 1,
      last_removal: "now",
      last_removed_snapshots: 1,
      last_removed_ratio: 0.5,
      vanished_sets: 1,
    });
  });

  test("key add and key remove", async () => {
    await backup("a");
    await look();
    await writeFile(join(folder, "new"), "q");
    await run("key", "add", "--new-password-file", join(folder, "new"));
    expect(await look()).toEqual({ keys: 2, "keys_changed added": "now" });
    const list: readonly { readonly id: string; readonly current: boolean }[] = JSON.parse(
      await run("key", "list", "--json"),
    );
    await run("key", "remove", list.find(({ current }) => !current)?.id ?? "");
    expect(await look()).toEqual({ keys: 1, "keys_changed removed": "now" });
  });
});

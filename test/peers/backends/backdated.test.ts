import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import { systemClock } from "../../../instrumentation/core/clock.ts";
import { monitorSettings } from "../../../instrumentation/embedding/monitor-settings.ts";
import { Monitor } from "../../../instrumentation/monitor/monitor.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import { tableText } from "../../support/agent/table-text.ts";
import { restic } from "../../support/repository/restic-cli.ts";

const DAY = 86_400_000;

describe.skipIf(!requirePeer("restic"))("of the snapshots of restic", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "backdated-"));
    await writeFile(join(folder, "file"), "text");
    await run("source", "init");
    await run("copy", "init");
  });

  afterAll(() => rm(folder, { recursive: true }));

  const run = (name: string, ...args: readonly string[]): Promise<string> =>
    restic(args, {
      repo: join(folder, name),
      password: "p",
      env: { RESTIC_FROM_PASSWORD: "p" },
    });

  const backup = (host: string, ...more: readonly string[]): Promise<string> =>
    run("source", "backup", "--host", host, ...more, join(folder, "file"));

  interface Look {
    /** The repository. */
    readonly name: string;
    readonly receivesCopies?: boolean;
    readonly maxBackupDuration?: string;
    /** How far the clock of the agent is ahead, milliseconds. */
    readonly ahead?: number;
    /** Hosts whose backups may use --time. */
    readonly allowed?: readonly string[];
  }

  /**
   * Watches a repository. The result collects it, and returns the backdated snapshots of each host, and "appeared" if the agent has
   * seen one appear.
   */
  async function watch({
    name,
    receivesCopies = false,
    maxBackupDuration = "24h",
    ahead = 0,
    allowed = [],
  }: Look) {
    const entry = { repo: join(folder, name), password: "p", receivesCopies };
    const now = (): number => Date.now() + ahead;
    const one = { name: "e", hosts: allowed, maxAge: "1d", allowTime: true };
    const expectations = allowed.length > 0 ? [one] : [];
    const options = { repositories: [entry], maxBackupDuration, expect: expectations };
    const monitor = new Monitor(monitorSettings(options), {
      clock: { ...systemClock, now },
    });
    onTestFinished(() => monitor.stop());
    const look = async (): Promise<readonly string[]> => {
      await monitor.collect();
      const text = await tableText(monitor.tables, now());
      const counts = text.matchAll(/^backup_backdated_snapshots\{.*,host="(\w+)",.*\} (\d+)$/gm);
      const last = /^backup_repository_last_backdated_timestamp_seconds\{.*\} (\S+)$/m.exec(text);
      const isNew = Math.abs(Number(last?.[1]) * 1000 - now()) < 600_000;
      return [
        ...[...counts].map(([, host, count]) => `${host} ${count}`),
        ...(isNew ? ["appeared"] : []),
      ];
    };
    await look();
    return look;
  }

  test("those of --time and rewrite --new-time are backdated, also where copies arrive", async () => {
    await backup("before", "--time", "2020-01-02 03:04:05");
    const looks = await Promise.all(
      [false, true].map((receivesCopies) => watch({ name: "source", receivesCopies })),
    );
    for (const look of looks) expect(await look()).toEqual(["before 1"]);
    await backup("usual");
    for (const look of looks) expect(await look()).toEqual(["before 1", "usual 0"]);
    await backup("moved");
    await backup("forged", "--time", "2020-01-02 03:04:05");
    await backup("ahead", "--time", "2130-01-02 03:04:05");
    await run("source", "rewrite", "--new-time", "2021-02-03 04:05:06", "--host", "moved");
    for (const look of looks)
      expect(await look()).toEqual([
        "ahead 1",
        "before 1",
        "forged 1",
        "moved 1",
        "usual 0",
        "appeared",
      ]);
  });

  test("those that appear two days late are backdated, unless copies arrive or backups take as long", async () => {
    const [plain, withCopies, slow] = await Promise.all([
      watch({ name: "copy", ahead: 2 * DAY }),
      watch({ name: "copy", ahead: 2 * DAY, receivesCopies: true }),
      watch({ name: "copy", ahead: 2 * DAY, maxBackupDuration: "3d" }),
    ]);
    await backup("copied");
    await run("copy", "copy", "--from-repo", join(folder, "source"), "--host", "copied");
    expect(await plain()).toEqual(["copied 1", "appeared"]);
    expect(await withCopies()).toEqual(["copied 0"]);
    expect(await slow()).toEqual(["copied 0"]);
  });

  test("those of tag and rewrite are no new backups, and rewrite --new-time is found beside them", async () => {
    await run("tags", "init");
    const add = (host: string): Promise<string> =>
      run("tags", "backup", "--host", host, join(folder, "file"));
    for (const host of ["tagged", "rewritten", "moved"]) await add(host);
    const look = await watch({ name: "tags", ahead: 2 * DAY });
    expect(await look()).toEqual(["moved 0", "rewritten 0", "tagged 0"]);
    await run("tags", "tag", "--add", "x", "--host", "tagged");
    await run("tags", "rewrite", "--exclude", "file", "--host", "rewritten");
    await run("tags", "rewrite", "--new-time", "2021-02-03 04:05:06", "--host", "moved");
    expect(await look()).toEqual(["moved 1", "rewritten 0", "tagged 0", "appeared"]);
    await run("tags", "tag", "--add", "y", "--host", "tagged");
    expect(await look()).toEqual(["moved 1", "rewritten 0", "tagged 0", "appeared"]);
  });

  test("those of --time are fine where an expectation has allowTime", async () => {
    await run("zfs", "init");
    const look = await watch({ name: "zfs", allowed: ["zfs"] });
    const time = ["--time", "2020-01-02 03:04:05"];
    for (const host of ["zfs", "other"])
      await run("zfs", "backup", "--host", host, ...time, join(folder, "file"));
    expect(await look()).toEqual(["other 1", "zfs 0", "appeared"]);
  });
});

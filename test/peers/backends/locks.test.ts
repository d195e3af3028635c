import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeEach, describe, expect, onTestFinished, test } from "vitest";

import { systemClock } from "../../../instrumentation/core/clock.ts";
import { monitorSettings } from "../../../instrumentation/embedding/monitor-settings.ts";
import { Monitor } from "../../../instrumentation/monitor/monitor.ts";
import { peerPath, requirePeer } from "../../support/agent/peers.ts";
import { tableText } from "../../support/agent/table-text.ts";
import { until } from "../../support/core/until.ts";
import { LockScene, MINUTE } from "../../support/repository/lock-scene.ts";
import { repositoryFolder } from "../../support/repository/repository-folder.ts";
import { restic } from "../../support/repository/restic-cli.ts";

test.skipIf(!requirePeer("restic"))(
  "restic reads the locks that tests of slow clocks write, and refuses to prune while one is held",
  async () => {
    const scene = new LockScene();
    const time = Date.now();
    const shared = scene.lock({ time });
    const stale = scene.lock({ hostname: "db", pid: 8, time: time - 40 * MINUTE });
    const folder = await repositoryFolder(scene.sealed.files);
    onTestFinished(() => rm(folder, { recursive: true }));
    const run = (...args: readonly string[]): Promise<string> =>
      restic(args, { repo: folder, password: "right" });
    const listed = async (): Promise<readonly string[]> =>
      (await run("list", "locks", "--no-lock")).trim().split("\n").toSorted();
    expect(await listed()).toEqual([shared, stale].toSorted());
    expect(JSON.parse(await run("cat", "lock", shared, "--no-lock"))).toMatchObject({
      time: new Date(time).toISOString().replace(/\.?0*Z/, "Z"),
      exclusive: false,
      hostname: "web",
      username: "root",
      pid: 7,
    });
    // It removes those that are 30 minutes old by their own time.
    await run("unlock");
    expect(await listed()).toEqual([shared]);
    await expect(run("prune")).rejects.toThrow("already locked by PID 7 on web by root");
  },
);

describe.skipIf(!requirePeer("restic"))("of the locks of restic", () => {
  let folder: string;
  let repo: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "locks-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    repo = join(folder, "repo");
    await writeFile(join(folder, "file"), "text");
    await run("init");
    await backup();
  });

  const run = (...args: readonly string[]): Promise<string> =>
    restic(args, { repo, password: "p" });
  const backup = (): Promise<string> => run("backup", join(folder, "file"));

  /** Starts restic, and returns when it holds a lock. */
  async function holding(...args: readonly string[]): Promise<ChildProcess> {
    const child = spawn(peerPath("restic"), ["--no-cache", ...args], {
      env: { HOME: folder, RESTIC_REPOSITORY: repo, RESTIC_PASSWORD: "p" },
      stdio: ["pipe", "ignore", "ignore"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    // Under another name the file is not complete.
    await until("a lock", async () =>
      (await readdir(join(repo, "locks"))).some((name) => name.length === 64),
    );
    return child;
  }

  /** Returns what looks after some minutes, by the clock of the agent, and tells of its locks and its last requests. */
  function agent(): (minutes: number) => Promise<readonly string[]> {
    let ahead = 0;
    const now = (): number => systemClock.now() + ahead;
    const monotonicMs = (): number => systemClock.monotonicMs() + ahead;
    const settings = monitorSettings({
      repositories: [{ repo, password: "p" }],
      locks: { every: "15m" },
      reverify: "100h",
    });
    const monitor = new Monitor(settings, { clock: { ...systemClock, now, monotonicMs } });
    onTestFinished(() => monitor.stop());
    return async (minutes) => {
      ahead += minutes * MINUTE;
      await monitor.collect();
      const text = await tableText(monitor.tables, now());
      const points = text.matchAll(/^backup_repository_((?:stale_)?locks)\{.*kind="(\w+)"\} 1$/gm);
      const [entry] = monitor.store.entries();
      expect(entry?.attempt).toMatchObject({ complete: true, error: undefined });
      return [
        ...[...points].map(([, name, kind]) => `${kind} ${name}`),
        `${entry?.state?.lastRequests} requests`,
      ];
    };
  }

  test("a killed backup leaves a stale shared lock, beside which backups go on and prune fails", async () => {
    const look = agent();
    await look(0);
    const child = await holding("backup", "--stdin");
    expect(await look(14)).toEqual(["shared locks", "3 requests"]);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await look(14)).toEqual(["shared locks", "2 requests"]);
    expect(await look(14)).toEqual(["shared locks", "shared stale_locks", "2 requests"]);
    await backup();
    await expect(run("prune")).rejects.toThrow("already locked");
    await run("unlock");
    await run("prune");
    // The backup added a snapshot.
    expect(await look(15)).toEqual(["3 requests"]);
  });

  test("prune holds an exclusive lock, which is not stale", async () => {
    const look = agent();
    await look(0);
    // restic waits 200 ms after it has written a lock.
    const child = await holding("prune");
    child.kill("SIGSTOP");
    expect(await look(14)).toEqual(["exclusive locks", "3 requests"]);
    expect(await look(14)).toEqual(["exclusive locks", "2 requests"]);
    child.kill("SIGCONT");
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(await look(15)).toEqual(["2 requests"]);
  });
});

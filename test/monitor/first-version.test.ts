import { hash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { monitorSettings } from "../../instrumentation/embedding/monitor-settings.ts";
import { Monitor } from "../../instrumentation/monitor/monitor.ts";
import { firstVersionOf } from "../support/repository/first-version.ts";
import { repositoryFolder } from "../support/repository/repository-folder.ts";
import { SealedRepository } from "../support/repository/sealed-repository.ts";

const TIME = "2025-12-31T00:00:00Z";

/** A repository with snapshots, and its state file of version 0.1. */
async function repositoryWith(count: number, folder: string, stateDir: string): Promise<void> {
  const sealed = new SealedRepository("p");
  const time = { seconds: Date.parse(TIME) / 1000, nanoseconds: 0 };
  const snapshots = Array.from({ length: count }, (_, index) => {
    const names = { hostname: `host-${index}`, username: "u" };
    return { id: sealed.addSnapshot({ time: TIME, ...names }), time, ...names, summary: undefined };
  });
  await repositoryFolder(sealed.files, folder);
  const name = `${sealed.id}-${hash("sha256", folder).slice(0, 16)}`;
  await writeFile(join(stateDir, name), firstVersionOf(sealed, snapshots));
}

test("state of version 0.1 gives all sets at once, and at most 1,000 reads in a collection of all repositories", async () => {
  const root = await mkdtemp(join(tmpdir(), "first-version-"));
  onTestFinished(() => rm(root, { recursive: true }));
  const stateDir = join(root, "state");
  await mkdir(stateDir, { mode: 0o700 });
  const folders = ["a", "b", "c"].map((name) => join(root, name));
  for (const folder of folders) await repositoryWith(600, folder, stateDir);
  const repositories = folders.map((repo) => ({ repo, password: "p" }));
  const monitor = new Monitor(monitorSettings({ repositories, stateDir }));
  const loads = (): number =>
    [...monitor.store.entries()].reduce(
      (sum, { state }) => sum + (state?.cost.load.requests ?? 0),
      0,
    );
  const seen: number[] = [];
  for (let collection = 0; collection < 3; collection++) {
    const before = loads();
    expect(await monitor.collect()).toMatchObject({ failed: 0 });
    seen.push(loads() - before);
    for (const { state } of monitor.store.entries()) expect(state?.content?.sets).toHaveLength(600);
  }
  await monitor.stop();
  // The first collection also reads config and one key file of each.
  expect(seen).toEqual([1000 + 6, 800, 0]);
});

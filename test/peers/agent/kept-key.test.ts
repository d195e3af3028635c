import { mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { startAgent } from "../../support/agent/agent.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import type { Samples } from "../../support/agent/samples.ts";
import { restic } from "../../support/repository/restic-cli.ts";

describe.skipIf(!requirePeer("restic"))("a restart while a repository of restic is away", () => {
  let folder: string;
  let repo: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "kept-key-"));
    repo = join(folder, "repository");
    await restic(["init"], { repo, password: "first" });
    for (const host of ["a", "b"])
      await restic(["backup", import.meta.dirname], { repo, password: "first", host });
  });

  afterEach(() => rm(folder, { recursive: true }));

  /** Starts the agent for one collection. */
  async function run(password: string, settings: object = {}): Promise<Samples> {
    const stateDir = join(folder, "state");
    const repositories = [{ repo, password }];
    const agent = await startAgent({ stateDir, ...settings, repositories });
    try {
      return await agent.collect();
    } finally {
      await agent.stop();
    }
  }

  async function keptKeys(): Promise<number> {
    const names = await readdir(join(folder, "state"));
    return names.filter((name) => name.startsWith("key-")).length;
  }

  const lastSuccess = (samples: Samples): number | undefined =>
    samples.value("backup_repository_last_success_timestamp_seconds", { url: repo });
  const up = (samples: Samples): number | undefined =>
    samples.value("backup_repository_up", { url: repo });

  test("publishes its sets as last known, with up 0 and the last success as it was", async () => {
    const before = await run("first");
    expect(before.sets(repo)).toMatchObject([{ host: "a" }, { host: "b" }]);
    await rename(repo, `${repo}-away`);
    const away = await run("first");
    expect(up(away)).toBe(0);
    expect(away.sets(repo)).toEqual(before.sets(repo));
    expect(lastSuccess(away)).toBe(lastSuccess(before));

    expect((await run("wrong")).sets(repo)).toEqual([]);

    expect((await run("first", { stateKeys: false })).sets(repo)).toEqual([]);
    expect(await keptKeys()).toBe(0);
  });

  test("knows nothing of a password that was changed before", async () => {
    await run("first");
    const second = join(folder, "second");
    await writeFile(second, "second");
    const args = ["key", "passwd", "--new-password-file", second];
    await restic(args, { repo, password: "first" });
    expect(up(await run("first"))).toBe(0);
    expect(await keptKeys()).toBe(0);
    await rename(repo, `${repo}-away`);
    expect((await run("first")).sets(repo)).toEqual([]);
  });
});

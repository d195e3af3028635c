import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { StoreEntry } from "../../instrumentation/core/source.ts";
import { monitorSettings } from "../../instrumentation/embedding/monitor-settings.ts";
import { Monitor } from "../../instrumentation/monitor/monitor.ts";
import type { RepositoryState } from "../../instrumentation/restic/state.ts";
import { FakeClock } from "../support/core/clock.ts";
import { ArrayLogger } from "../support/core/logger.ts";
import { repositoryFolder } from "../support/repository/repository-folder.ts";
import { SealedRepository } from "../support/repository/sealed-repository.ts";

const NOW = 1_767_225_600_000;

let sealed: SealedRepository;
let key: string;
let ids: readonly string[];
let folder: string;
let repository: string;
let stateDir: string;
let clock: FakeClock;
let logger: ArrayLogger;

beforeEach(async () => {
  sealed = new SealedRepository("right");
  key = [...sealed.files.keys()].find((path) => path.startsWith("keys/")) ?? "";
  ids = ["a", "a", "b"].map((hostname) =>
    sealed.addSnapshot({ time: "2025-12-31T00:00:00Z", hostname, username: "root" }),
  );
  folder = await mkdtemp(join(tmpdir(), "away-"));
  stateDir = join(folder, "state");
  repository = await repositoryFolder(sealed.files, join(folder, "repository"));
  clock = new FakeClock(NOW);
  const sleep = clock.sleep.bind(clock);
  // A second listing follows at once.
  clock.sleep = (ms, signal) => (ms === 3000 ? Promise.resolve() : sleep(ms, signal));
  logger = new ArrayLogger();
});

afterEach(() => rm(folder, { recursive: true }));

/** Starts an agent for some collections. @returns the entry of the repository after the last */
async function run(
  { password = "right", stateKeys = true }: { password?: string; stateKeys?: boolean } = {},
  collections = 1,
): Promise<StoreEntry<RepositoryState>> {
  const repositories = [{ repo: repository, password }];
  const settings = monitorSettings({ repositories, stateDir, stateKeys });
  const monitor = new Monitor(settings, { clock, logger });
  for (let count = 0; count < collections; count++) await monitor.collect();
  const [entry] = monitor.store.entries();
  await monitor.stop();
  if (!entry) throw new Error("there was no collection");
  return entry;
}

function setsOf({ state }: StoreEntry<RepositoryState>): unknown {
  return state?.content?.sets.map(({ labels, snapshots }) => [labels["host"], snapshots]);
}

async function keptKeys(): Promise<readonly string[]> {
  const names = await readdir(stateDir);
  return names.filter((name) => name.startsWith("key-")).map((name) => join(stateDir, name));
}

const SETS = [
  ["a", 2],
  ["b", 1],
];

describe("a start while the repository is away", () => {
  test("has the sets of the last complete collection, up 0, and the same last success", async () => {
    const before = await run();
    await clock.advance(3_600_000);
    await rename(repository, `${repository}-away`);
    for (let start = 0; start < 2; start++) {
      const away = await run({}, 2);
      expect(setsOf(away)).toEqual(SETS);
      expect(away.attempt).toMatchObject({ complete: false, error: { code: "not_found" } });
      expect(away.lastCompleteAt).toBe(before.lastCompleteAt);
      expect(away.state?.content).toEqual(before.state?.content);
      expect(away.state?.cost.keyDerivations).toBe(1);
    }

    await rename(`${repository}-away`, repository);
    const back = await run();
    expect(setsOf(back)).toEqual(SETS);
    expect(back.attempt).toMatchObject({ complete: true });
    expect(back.lastCompleteAt).toBe(NOW + 3_600_000);
    // The kept key is listed, so the key file is not read.
    expect(back.state?.cost).toMatchObject({ keyDerivations: 1, load: { requests: 1 } });
  });

  test("has no snapshot that was forgotten before", async () => {
    await run();
    await rm(join(repository, "snapshots", ids[0] ?? ""));
    const before = await run();
    expect(before.state?.content?.snapshots).toBe(2);
    await rename(repository, `${repository}-away`);
    expect((await run()).state?.content).toEqual(before.state?.content);
  });

  test("counts the unreadable snapshots of the last complete collection", async () => {
    sealed.addSnapshotText("no JSON");
    await repositoryFolder(sealed.files, repository);
    await run();
    await rename(repository, `${repository}-away`);
    expect((await run()).state?.content).toMatchObject({ snapshots: 4, unreadable: 1 });
  });

  test("with a wrong password has no sets", async () => {
    await run();
    await rename(repository, `${repository}-away`);
    const away = await run({ password: "wrong" });
    expect(away.state?.content).toBeUndefined();
    expect(away.lastCompleteAt).toBeUndefined();
    expect(setsOf(await run())).toEqual(SETS);
  });

  test("with changed state has no sets, and one log line", async () => {
    await run();
    await rename(repository, `${repository}-away`);
    const name = (await readdir(stateDir)).find((one) => /^[0-9a-f]{64}-/.test(one)) ?? "";
    const path = join(stateDir, name);
    await writeFile(path, (await readFile(path, "utf8")).replace('"b"', '"c"'));
    logger.clear();
    expect((await run()).state?.content).toBeUndefined();
    expect(logger.texts.filter((line) => line.includes("discarding"))).toHaveLength(1);
  });

  test("with a repository replaced by an empty one has the sets still", async () => {
    await run();
    await rename(repository, `${repository}-away`);
    await repositoryFolder(new SealedRepository("right").files, repository);
    // The second start must not take the empty repository for the one of before.
    for (let start = 0; start < 3; start++) {
      const replaced = await run();
      expect(setsOf(replaced)).toEqual(SETS);
      expect(replaced.attempt).toMatchObject({ complete: false, error: { code: "not_found" } });
    }
  });

  test("with a repository replaced by one with a snapshot has the sets of that, and its key alone", async () => {
    await run();
    await rename(repository, `${repository}-away`);
    const other = new SealedRepository("right");
    other.addSnapshot({ time: "2025-12-31T00:00:00Z", hostname: "c", username: "root" });
    await repositoryFolder(other.files, repository);
    expect(setsOf(await run())).toEqual([["c", 1]]);
    await rename(repository, `${repository}-other`);
    expect(setsOf(await run())).toEqual([["c", 1]]);
    expect(await keptKeys()).toHaveLength(1);
  });
});

describe("the kept key", () => {
  test("is the sealed config and the sealed key file, for the owner only", async () => {
    await run();
    const [path = "", ...others] = await keptKeys();
    expect(others).toEqual([]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const text = await readFile(path, "utf8");
    for (const secret of ["right", ...sealed.secrets()]) expect(text).not.toContain(secret);
    const base64 = (bytes: Uint8Array | undefined): string =>
      Buffer.from(bytes ?? []).toString("base64");
    const files = [base64(sealed.files.get(key)), base64(sealed.files.get("config"))];
    expect(JSON.parse(text)).toEqual([key.slice("keys/".length), ...files]);
  });

  test("is deleted at the first listing of keys/ that lacks it, and the one that opens is kept", async () => {
    await run();
    await rm(join(repository, key));
    sealed.addKey("other");
    await repositoryFolder(sealed.files, repository);
    await rm(join(repository, key));
    const refused = await run();
    expect(refused.attempt.error?.code).toBe("wrong_password");
    expect(await keptKeys()).toEqual([]);

    await run({ password: "other" });
    expect(await keptKeys()).toHaveLength(1);
    await rename(repository, `${repository}-away`);
    expect(setsOf(await run({ password: "other" }))).toEqual(SETS);
    expect((await run()).state?.content).toBeUndefined();
  });

  test.for([
    ["an unmounted disk, an empty folder", /^$/],
    ["an empty keys/: restic removes no last key", /^(?!keys)/],
  ] as const)("survives %s", async ([, rest]) => {
    await run();
    await rename(repository, `${repository}-away`);
    await repositoryFolder(
      new Map([...sealed.files].filter(([path]) => rest.test(path))),
      repository,
    );
    expect(setsOf(await run())).toEqual(SETS);
    expect(await keptKeys()).toHaveLength(1);
  });

  test("is not there with stateKeys: false, and one of before is deleted", async () => {
    await run();
    await rename(repository, `${repository}-away`);
    expect((await run({ stateKeys: false })).state?.content).toBeUndefined();
    expect(await keptKeys()).toEqual([]);
    await rename(`${repository}-away`, repository);
    await run({ stateKeys: false });
    expect(await keptKeys()).toEqual([]);
  });

  test.for<readonly [string, string]>([
    ["no key", "[]"],
    ["a key of another name", JSON.stringify(["0".repeat(64), "", ""])],
    ["a file that is too large", "x".repeat(2 ** 19)],
  ])("that is %s is not used, with one log line, and is replaced", async ([, text]) => {
    await run();
    const [path = ""] = await keptKeys();
    await writeFile(path, text);
    await rename(repository, `${repository}-away`);
    logger.clear();
    expect((await run()).state?.content).toBeUndefined();
    expect(logger.texts.filter((line) => line.includes("kept key"))).toEqual([
      expect.stringMatching(/cannot use the kept key of a repository.*: remove it/),
    ]);
    await rename(`${repository}-away`, repository);
    await run();
    await rename(repository, `${repository}-away`);
    expect(setsOf(await run())).toEqual(SETS);
  });

  test("with scrypt parameters above the bounds is not derived", async () => {
    await run();
    const [path = ""] = await keptKeys();
    const costly = new SealedRepository("right");
    costly.files.delete([...costly.files.keys()].find((one) => one.startsWith("keys/")) ?? "");
    const file = { ...JSON.parse(String(sealed.files.get(key))), N: 2 ** 26, r: 8 };
    const id = costly.addFile("keys", Buffer.from(JSON.stringify(file)));
    const files = [costly.files.get(`keys/${id}`), sealed.files.get("config")];
    const base64 = files.map((bytes) => Buffer.from(bytes ?? []).toString("base64"));
    await writeFile(path, JSON.stringify([id, ...base64]));
    await rename(repository, `${repository}-away`);
    const away = await run();
    expect(away.state?.content).toBeUndefined();
    expect(away.state?.cost.keyDerivations).toBe(0);
  });
});

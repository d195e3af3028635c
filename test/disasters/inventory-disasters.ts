import { cp, mkdtemp, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Disaster } from "../support/disasters/disaster.ts";
import { PASSWORD } from "../support/disasters/repository-on-disk.ts";
import type { World } from "../support/disasters/world.ts";
import { restic } from "../support/repository/restic-cli.ts";

// The clock of restic cannot be set: its snapshots are made with --time.
const DATA = { name: "data", hosts: ["web"], maxAge: "10d", allowTime: true };
const SETTINGS = {
  expect: [DATA],
  inventory: { every: "30m" },
};

/** Hours of two inventories, and of one that was under way. */
const SOON = 3;

/** The repository of a real restic, whose second snapshot needs data of the first index file. */
async function makeRepository(world: World): Promise<void> {
  const repo = world.repository.folder;
  const source = await mkdtemp(join(tmpdir(), "disaster-source-"));
  try {
    await rm(repo, { recursive: true });
    await restic(["init"], { repo, password: PASSWORD });
    await writeFile(join(source, "kept"), "k".repeat(10_000));
    const backup = (time: string): Promise<string> =>
      restic(["backup", source], { repo, password: PASSWORD, host: "web", time });
    await backup("2027-03-13 03:00:00");
    await writeFile(join(source, "new"), "n".repeat(10_000));
    await backup("2027-03-14 03:00:00");
  } finally {
    await rm(source, { recursive: true });
  }
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []));
}

/** Something happens to files of a repository; if it is bad, it is undone. */
function damage(
  name: string,
  alerts: Disaster["alerts"],
  happen: (folder: string) => Promise<void>,
  before: (folder: string) => Promise<void> = async () => {},
): Disaster {
  return {
    name,
    settings: SETTINGS,
    hasInventory: true,
    hoursVary: true,
    async play(world) {
      const { folder } = world.repository;
      await makeRepository(world);
      await before(folder);
      await world.begins(0);
      await world.hours(3);
      world.strike();
      await cp(folder, `${folder}-away`, { recursive: true, preserveTimestamps: true });
      await happen(folder);
      await world.hours(5);
      if (Object.keys(alerts).length === 0) return;
      world.repair();
      await world.repository.comeBack();
      await world.hours(4);
    },
    alerts,
  };
}

export const INVENTORY_DISASTERS: readonly Disaster[] = [
  damage("a pack is lost", { BackupPacksMissing: SOON }, async (folder) => {
    const [pack = ""] = await filesIn(join(folder, "data"));
    await rm(pack);
  }),
  damage("a pack is cut", { BackupPacksDamaged: SOON }, async (folder) => {
    const [pack = ""] = await filesIn(join(folder, "data"));
    await truncate(pack, 100);
  }),
  damage("an index file is damaged", { BackupIndexUnreadable: SOON }, async (folder) => {
    const [index = ""] = await filesIn(join(folder, "index"));
    await writeFile(index, "damaged");
  }),
  damage("forget and prune (no alert)", {}, async (repo) => {
    await restic(["forget", "--keep-last", "1", "--prune"], { repo, password: PASSWORD });
  }),
  damage(
    "the index file of the newest snapshot is lost",
    { BackupPacksLost: SOON + 1, BackupUnrestorable: SOON + 1 },
    async (folder) => {
      const newest = (await indexes(folder)).at(-1);
      await rm(newest?.path ?? "");
    },
  ),
  {
    name: "a repository with inventories cannot be reached for nine days",
    settings: { ...SETTINGS, expect: [{ ...DATA, maxAge: "30d" }] },
    hasInventory: true,
    hoursVary: true,
    stepMinutes: 240,
    async play(world) {
      await makeRepository(world);
      await world.begins(0);
      await world.hours(8);
      world.strike();
      await world.repository.goAway();
      world.agent.waitsForInventory = false;
      await world.days(9);
      world.repair();
      await world.repository.comeBack();
      world.agent.waitsForInventory = true;
      await world.hours(12);
    },
    alerts: { BackupRepositoryUnreadable: 8, BackupInventoryTooOld: 8 * 24 + 4 },
    endsWithin: 8,
  },
  damage(
    "an index file is lost that has data of living snapshots",
    { BackupPacksLost: SOON + 1 },
    async (folder) => {
      const [first] = await indexes(folder);
      await rm(first?.path ?? "");
    },
    async (repo) => {
      await restic(["forget", "--keep-last", "1"], { repo, password: PASSWORD });
    },
  ),
];

/** Index files, oldest first. */
async function indexes(folder: string): Promise<readonly { readonly path: string }[]> {
  const paths = await filesIn(join(folder, "index"));
  const dated = await Promise.all(
    paths.map(async (path) => ({ path, time: (await stat(path)).mtimeMs })),
  );
  return dated.toSorted((a, b) => a.time - b.time);
}

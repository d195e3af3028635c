import { cp, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomBytes } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { requirePeer } from "../../../support/agent/peers.ts";
import type { Peer } from "../../../support/agent/peers.ts";
import { DAMAGE } from "../../../support/inventory/damage.ts";
import type { FirstBackup } from "../../../support/inventory/damage.ts";
import { check, rawData, RealInventory } from "../../../support/inventory/real-inventory.ts";
import { restic } from "../../../support/repository/restic-cli.ts";

const PASSWORD = "inventory";
const HOUR = 3_600_000;

type ResticPeer = Extract<Peer, `restic${string}`>;

interface Kind {
  readonly name: string;
  readonly writer: ResticPeer;
  readonly init: readonly string[];
  /** Called after the first two backups. */
  readonly migrate?: (folder: string) => Promise<unknown>;
}

const KINDS: readonly Kind[] = [
  { name: "version 2", writer: "restic", init: [] },
  { name: "version 1", writer: "restic", init: ["--repository-version", "1"] },
  {
    name: "version 1, migrated to 2",
    writer: "restic",
    init: ["--repository-version", "1"],
    migrate: (repo) => restic(["migrate", "upgrade_repo_v2"], { repo, password: PASSWORD }),
  },
  { name: "version 1 of restic 0.9.6", writer: "restic-0.9.6", init: [] },
];

const isSound = (name: string): boolean => name === "nothing" || name === "an orphan";
const hasBadIndex = (name: string): boolean =>
  ["a changed index file", "a cut index file", "an index file of another key"].includes(name);

describe.for(KINDS)("a repository of $name", ({ writer, init, migrate }) => {
  const isThere = requirePeer("restic") !== undefined && requirePeer(writer) !== undefined;
  let root: string;
  let base: string;
  let first: FirstBackup;
  let snapshots: readonly Listed[];

  const run = (args: readonly string[], repo = base): Promise<string> =>
    restic(args, { repo, password: PASSWORD, version: writer });

  beforeAll(async () => {
    if (!isThere) return;
    root = await mkdtemp(join(tmpdir(), "inventory-"));
    base = join(root, "repository");
    await run(["init", ...init]);
    for (const name of ["one", "two", "three"]) {
      await mkdir(join(root, name));
      await writeFile(join(root, name, "random"), randomBytes(50_000));
      await writeFile(join(root, name, "text"), "text ".repeat(10_000) + name);
      if (name === "three") await migrate?.(base);
      await run(["backup", join(root, name), "--host", name]);
      if (name === "one") first = await filesOf(base);
    }
    // The same data, again: no new data, other trees.
    await run(["backup", join(root, "one", "random"), "--host", "again"]);
    snapshots = await snapshotsOf(base);
  });

  afterAll(async () => {
    if (isThere) await rm(root, { recursive: true });
  });

  test.skipIf(!isThere).for(Object.keys(DAMAGE))(
    "%s is found as restic check finds it",
    async (name) => {
      const folder = join(root, name.replaceAll(" ", "-"));
      await cp(base, folder, { recursive: true });
      const inventories = new RealInventory(folder, PASSWORD);
      await inventories.look();
      await DAMAGE[name]?.({ folder, first, password: PASSWORD });
      await inventories.clock.advance(HOUR);
      await inventories.look();
      await inventories.clock.advance(HOUR);
      // The listing does not show that a file of the same length has changed: a first inventory reads it.
      const last =
        name === "a changed index file" ? new RealInventory(folder, PASSWORD) : inventories;
      const { counts, missing, damaged, orphans, lost, unrestorable, unreadable } =
        await last.look();
      const checked = await check(folder, PASSWORD);
      expect(unreadable.map(([id]) => id)).toEqual(checked.unreadable);
      expect(counts.unreadableIndexFiles).toBe(hasBadIndex(name) ? 1 : 0);
      if (hasBadIndex(name)) {
        expect(counts).toMatchObject({ missingPacks: 0, damagedPacks: 0 });
        return;
      }
      const isWrongFolder = name === "a pack in a wrong folder";
      expect(missing.toSorted()).toEqual(isWrongFolder ? [first.data] : checked.missing);
      expect(counts.missingPacks).toBe(missing.length);
      expect(damaged.toSorted()).toEqual(checked.damaged);
      expect([...orphans, ...lost].toSorted()).toEqual(checked.orphans);
      // An index file that is gone leaves packs that were indexed.
      expect(lost.length > 0).toBe(name.startsWith("a lost index"));
      const lacking = snapshots.filter(({ tree }) => checked.missingTrees.includes(tree));
      expect(unrestorable.toSorted()).toEqual(lacking.map(({ id }) => id).toSorted());
      if (name === "a lost index file of data alone") {
        // restic 0.9 may write the data into two packs.
        expect(lost).toContain(first.data);
        expect(orphans).toEqual([]);
        expect(unrestorable).toEqual([]);
      }
      if (!isSound(name)) return;
      const { total_size, total_blob_count, total_uncompressed_size } = await rawData(
        folder,
        PASSWORD,
      );
      expect(counts.indexedBytes).toBe(total_size);
      const { dataBlobs = 0, treeBlobs = 0, uncompressedBytes = 0 } = counts;
      expect(dataBlobs + treeBlobs).toBe(total_blob_count);
      // restic says so of version 2 alone.
      if (total_uncompressed_size !== undefined)
        expect(uncompressedBytes + 32 * total_blob_count).toBe(total_uncompressed_size);
    },
  );

  test.skipIf(!isThere)("sizes are those of restic stats after forget and prune", async () => {
    const folder = join(root, "pruned");
    await cp(base, folder, { recursive: true });
    const inventories = new RealInventory(folder, PASSWORD);
    const before = await inventories.look();
    const two = snapshots.find(({ hostname }) => hostname === "two");
    await run(["forget", two?.id ?? "", "--prune"], folder);
    const { counts } = await inventories.look();
    const { total_size, total_blob_count } = await rawData(folder, PASSWORD);
    expect(counts.indexedBytes).toBe(total_size);
    expect((counts.dataBlobs ?? 0) + (counts.treeBlobs ?? 0)).toBe(total_blob_count);
    expect(counts.indexedBytes).toBeLessThan(before.counts.indexedBytes ?? 0);
    expect(counts).toMatchObject({ missingPacks: 0, damagedPacks: 0, unrestorableSnapshots: 0 });
  });
});

interface Listed {
  readonly id: string;
  readonly tree: string;
  readonly hostname: string;
}

async function snapshotsOf(repo: string): Promise<readonly Listed[]> {
  const text = await restic(["snapshots", "--json", "--no-lock"], { repo, password: PASSWORD });
  const listed: readonly Listed[] = JSON.parse(text);
  return listed;
}

/** The larger of two packs has the data. */
async function filesOf(folder: string): Promise<FirstBackup> {
  const [index = ""] = await readdir(join(folder, "index"));
  const packs = (await readdir(join(folder, "data"), { recursive: true })).filter(
    (path) => path.length > 64,
  );
  const sized = await Promise.all(
    packs.map(
      async (path) => [path.slice(3), (await stat(join(folder, "data", path))).size] as const,
    ),
  );
  const [trees, data] = sized.toSorted(([, a], [, b]) => a - b).map(([id]) => id);
  return { data: data ?? "", trees: trees ?? "", index };
}

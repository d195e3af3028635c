import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { requirePeer } from "../../../support/agent/peers.ts";
import { RealInventory } from "../../../support/inventory/real-inventory.ts";
import { restic } from "../../../support/repository/restic-cli.ts";

const PASSWORD = "inventory";

/** More looks find rarer moments of a prune. */
const LOOKS = Number(process.env["RESTIC_OTEL_LOOKS"] ?? 60);

/** Backups, rewrites and prunes, one after the other, until the signal is aborted. */
async function write(root: string, repo: string, signal: AbortSignal): Promise<number> {
  const run = (args: readonly string[]): Promise<string> =>
    restic(args, { repo, password: PASSWORD });
  const data = join(root, "data");
  await mkdir(data, { recursive: true });
  let rounds = 0;
  for (; !signal.aborted; rounds++) {
    await writeFile(join(data, `file${rounds % 3}`), randomBytes(200_000));
    await run(["backup", data]);
    await run(["rewrite", "--forget", "--exclude", `file${(rounds + 1) % 3}`, "latest"]);
    if (rounds % 2 === 1) await run(["forget", "--keep-last", "2", "--prune", "--max-unused", "0"]);
  }
  return rounds;
}

test.skipIf(!requirePeer("restic"))(
  "looks while backup, rewrite and prune run find nothing that is not so",
  async () => {
    const root = await mkdtemp(join(tmpdir(), "inventory-writing-"));
    const repo = join(root, "repository");
    await restic(["init"], { repo, password: PASSWORD });
    const stop = new AbortController();
    const writing = write(root, repo, stop.signal);
    const inventories = new RealInventory(repo, PASSWORD);
    try {
      for (let look = 0; look < LOOKS; look++) {
        // Between two collections snapshots are forgotten, as in an agent.
        if (look % 10 === 0) await inventories.collect();
        const { counts } = await inventories.take();
        const { unrestorableSnapshots = 0, lostPacks = 0, orphanPacks = 0 } = counts;
        const bad = { ...counts, unrestorableSnapshots, lostPacks, orphanPacks };
        expect(bad).toMatchObject({
          missingPacks: 0,
          damagedPacks: 0,
          unreadableIndexFiles: 0,
          unrestorableSnapshots: 0,
          lostPacks: 0,
          orphanPacks: 0,
        });
      }
    } finally {
      stop.abort();
      await writing.catch(() => {});
      await rm(root, { recursive: true });
    }
    expect(await writing).toBeGreaterThan(1);
  },
  900_000,
);

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { SealedRepository } from "../support/sealed-repository.ts";

export const PASSWORD = "bench";

/** What restic itself chose on the machine that wrote the sample repositories. */
const SCRYPT = { N: 32_768, r: 8, p: 6 };

/** Writes a repository of format 2 below `folder`, with one snapshot an hour in each of the sets. */
export async function writeRepository(
  folder: string,
  snapshots: number,
  sets: number,
  scrypt = SCRYPT,
): Promise<void> {
  const sealed = new SealedRepository(PASSWORD, 2, scrypt);
  for (let index = 0; index < snapshots; index++) addSnapshot(sealed, index, sets);
  for (const type of ["data", "index", "keys", "locks", "snapshots"])
    await mkdir(join(folder, type), { recursive: true });
  for (const [path, stored] of sealed.files) await writeFile(join(folder, path), stored);
}

function addSnapshot(sealed: SealedRepository, index: number, sets: number): string {
  const time = new Date(Date.UTC(2025, 0, 1) + index * 3_600_000).toISOString();
  const end = new Date(Date.UTC(2025, 0, 1) + index * 3_600_000 + 61_500).toISOString();
  return sealed.addSnapshot({
    time,
    hostname: `host-${index % sets}`,
    username: "root",
    paths: ["/etc", "/home", "/srv"],
    program_version: "restic 0.19.1",
    summary: {
      backup_start: time,
      backup_end: end,
      files_new: 10,
      files_changed: 5,
      files_unmodified: 100_000,
      dirs_new: 0,
      dirs_changed: 3,
      dirs_unmodified: 9000,
      data_blobs: 15,
      tree_blobs: 4,
      data_added: 1_000_000 + index,
      data_added_packed: 500_000 + index,
      total_files_processed: 100_015,
      total_bytes_processed: 50_000_000_000 + index,
    },
  });
}

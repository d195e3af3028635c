import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { SealedRepository } from "../support/repository/sealed-repository.ts";

export const PASSWORD = "bench";

/** The parameters that restic chose for the sample repositories. */
export const SCRYPT = { N: 32_768, r: 8, p: 6 };

/** For measurements that are not about the start of a process. */
export const CHEAP_SCRYPT = { N: 1024, r: 8, p: 1 };

/** A repository of format 2 in a folder, with one snapshot every five minutes. The backup sets take turns. */
export class WrittenRepository {
  readonly #sealed: SealedRepository;
  readonly #folder: string;
  readonly #sets: number;
  #snapshots = 0;

  constructor(folder: string, sets: number, scrypt = SCRYPT) {
    this.#sealed = new SealedRepository(PASSWORD, 2, scrypt);
    this.#folder = folder;
    this.#sets = sets;
    for (const type of ["data", "index", "keys", "locks", "snapshots"])
      mkdirSync(join(folder, type), { recursive: true });
    this.add(0);
  }

  /** Adds snapshots, and writes them before it returns. */
  add(snapshots: number): void {
    for (let added = 0; added < snapshots; added++)
      this.#sealed.addSnapshot(snapshotOf(this.#snapshots++, this.#sets));
    for (const [path, stored] of this.#sealed.files)
      writeFileSync(join(this.#folder, path), stored);
    this.#sealed.files.clear();
  }
}

export function writeRepository(
  folder: string,
  snapshots: number,
  sets: number,
  scrypt = SCRYPT,
): WrittenRepository {
  const written = new WrittenRepository(folder, sets, scrypt);
  written.add(snapshots);
  return written;
}

function snapshotOf(index: number, sets: number): object {
  const time = new Date(Date.UTC(2025, 0, 1) + index * 300_000).toISOString();
  const end = new Date(Date.UTC(2025, 0, 1) + index * 300_000 + 61_500).toISOString();
  return {
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
  };
}

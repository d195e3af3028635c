import { readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { repositoryFolder } from "../repository/repository-folder.ts";
import { SealedRepository } from "../repository/sealed-repository.ts";

export const PASSWORD = "disaster";
/** Of a key that was added. */
export const SECOND_PASSWORD = "another";

/** What a backup writes, beside what every backup has. */
export interface Backup {
  readonly host: string;
  /** Default: root. */
  readonly user?: string;
  /** Default: /data. */
  readonly paths?: readonly string[];
  readonly tags?: readonly string[];
  /** Files that the backup found. Default: 1,000. */
  readonly files?: number;
  /** Their size. Default: 1 MiB a file. */
  readonly bytes?: number;
  /** Of `backup --time`: the time of the snapshot, milliseconds since the epoch. Default: the start of the backup. */
  readonly time?: number;
  /** Of `tag`, `rewrite` and `copy`. */
  readonly original?: string;
  readonly tree?: string;
}

/** A repository in a folder, whose snapshots begin when the test says. restic lists and checks what the writer seals. */
export class RepositoryOnDisk {
  readonly folder: string;
  #sealed: SealedRepository;
  /** The one that was replaced. */
  #sealedAway: SealedRepository | undefined;

  private constructor(folder: string, sealed: SealedRepository) {
    this.folder = folder;
    this.#sealed = sealed;
  }

  static async create(): Promise<RepositoryOnDisk> {
    const sealed = new SealedRepository(PASSWORD);
    const repository = new RepositoryOnDisk(await repositoryFolder(sealed.files), sealed);
    sealed.files.clear();
    return repository;
  }

  /** @param now milliseconds since the epoch @returns the id of the snapshot */
  async backup(now: number, backup: Backup): Promise<string> {
    const { host, user = "root", files = 1000, time = now, ...rest } = backup;
    const { bytes = files * 2 ** 20, ...stored } = rest;
    const id = this.#sealed.addSnapshot({
      time: new Date(time).toISOString(),
      hostname: host,
      username: user,
      program_version: "restic 0.18.0",
      summary: {
        backup_start: new Date(now).toISOString(),
        backup_end: new Date(now + 60_000).toISOString(),
        files_new: 1,
        files_changed: 1,
        files_unmodified: Math.max(0, files - 2),
        total_files_processed: files,
        total_bytes_processed: bytes,
        data_added: 2 ** 20,
        data_added_packed: 2 ** 19,
      },
      ...stored,
    });
    await this.#write();
    return id;
  }

  /** As `key add`. */
  async addKey(): Promise<void> {
    this.#sealed.addKey(SECOND_PASSWORD);
    await this.#write();
  }

  /** As `key passwd`: only another password opens the repository. */
  async changePassword(): Promise<void> {
    const keys = await readdir(join(this.folder, "keys"));
    await this.addKey();
    await this.remove("keys", keys);
  }

  /** Locks the repository. @returns the id of the lock */
  async lock(now: number, exclusive: boolean): Promise<string> {
    const time = new Date(now).toISOString();
    const lock = { time, exclusive, hostname: "web", username: "root", pid: 7 };
    const id = this.#sealed.addSealed("locks", Buffer.from(JSON.stringify(lock)));
    await this.#write();
    return id;
  }

  async remove(type: "snapshots" | "locks" | "keys", ids: Iterable<string>): Promise<void> {
    for (const id of ids) await rm(join(this.folder, type, id));
  }

  /** Overwrites a file with other bytes. */
  async damage(type: "snapshots", id: string): Promise<void> {
    await writeFile(join(this.folder, type, id), "damaged");
  }

  /** Another repository is at the same place; this one is away. */
  async replace(): Promise<void> {
    await this.goAway();
    this.#sealedAway = this.#sealed;
    this.#sealed = new SealedRepository(PASSWORD);
    await this.#write();
  }

  /** Nothing is at its place, as when a disk is not mounted. */
  async goAway(): Promise<void> {
    await rename(this.folder, this.#away);
  }

  /** It is at its place again. */
  async comeBack(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
    await rename(this.#away, this.folder);
    this.#sealed = this.#sealedAway ?? this.#sealed;
  }

  async delete(): Promise<void> {
    for (const folder of [this.folder, this.#away])
      await rm(folder, { recursive: true, force: true });
  }

  get #away(): string {
    return `${this.folder}-away`;
  }

  async #write(): Promise<void> {
    await repositoryFolder(this.#sealed.files, this.folder);
    this.#sealed.files.clear();
  }
}

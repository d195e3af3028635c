import { rm, symlink } from "node:fs/promises";

import { RepositoryOnDisk } from "./repository-on-disk.ts";
import type { Backup } from "./repository-on-disk.ts";

/** All live times are divided by this factor: an hour takes a second. */
export const FACTOR = 3600;

const HOUR = 3_600_000 / FACTOR;
const DAY = 24 * HOUR;
const EVERY = 5 * HOUR;
const PAST_DAYS = 20;

interface Written {
  readonly id: string;
  readonly host: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A repository to which jobs write, and where a disaster happens. */
export class LiveScene {
  readonly repository: RepositoryOnDisk;
  readonly #jobs: Set<Backup>;
  readonly #written: Written[] = [];
  #nextRun = 0;

  private constructor(jobs: readonly Backup[], repository: RepositoryOnDisk) {
    this.repository = repository;
    this.#jobs = new Set(jobs);
  }

  /** Adds daily backups of the past. */
  static async create(jobs: readonly Backup[]): Promise<LiveScene> {
    const scene = new LiveScene(jobs, await RepositoryOnDisk.create());
    const now = Date.now();
    for (let day = PAST_DAYS; day > 0; day--) await scene.#backup(now - day * DAY);
    await scene.comeBack();
    return scene;
  }

  /** The path of the repository as the agent has it: the label `url`. */
  get url(): string {
    return `${this.repository.folder}-place`;
  }

  /** Lets all jobs write a backup if it is time. */
  async runJobs(): Promise<void> {
    const now = Date.now();
    if (now >= this.#nextRun) await this.#backup(now);
  }

  /** Another job writes from now on. */
  change(from: Backup | undefined, to: Backup | undefined): void {
    if (from) this.#jobs.delete(from);
    if (to) this.#jobs.add(to);
    this.#nextRun = 0;
  }

  /** Forgets the snapshots of the last hours of a host. */
  async forgetLast(host: string, hours: number): Promise<void> {
    const after = Date.now() - hours * HOUR;
    const young = this.#written.filter((one) => one.host === host && one.at > after);
    await this.repository.remove(
      "snapshots",
      young.map(({ id }) => id),
    );
  }

  /** The jobs still reach the repository, and the agent does not. */
  async goAway(): Promise<void> {
    await rm(this.url);
  }

  async comeBack(): Promise<void> {
    await symlink(this.repository.folder, this.url);
  }

  async close(): Promise<void> {
    await rm(this.url, { force: true });
    await this.repository.delete();
  }

  async #backup(at: number): Promise<void> {
    for (const job of this.#jobs) {
      const id = await this.repository.backup(at, job);
      this.#written.push({ id, host: job.host, at });
    }
    this.#nextRun = at + EVERY;
  }
}

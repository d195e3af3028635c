import { AgentInTime } from "./agent-in-time.ts";
import type { Look } from "./firing.ts";
import { PASSWORD, RepositoryOnDisk } from "./repository-on-disk.ts";
import type { Backup } from "./repository-on-disk.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** A Monday, two weeks before summer time begins in Europe. */
const BEGIN = Date.UTC(2027, 2, 15);

/** A backup that a host makes regularly. */
export interface Job extends Backup {
  /** Hours of the day in UTC. Default: 3. */
  readonly hours?: readonly number[];
  /** Days of the week on which it runs, from Sunday, 0. Default: all. */
  readonly weekdays?: readonly number[];
  /** Default: the first one. */
  readonly repository?: RepositoryOnDisk;
}

/** Where a disaster happens. */
export interface Scenery {
  /** Settings of the agent, beside its repositories. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Keys of each entry of a repository. */
  readonly entry?: Readonly<Record<string, unknown>>;
  /** Default: 1. */
  readonly repositories?: number;
  /** Time between two looks of Prometheus, minutes. Default: 60. */
  readonly stepMinutes?: number;
  /** An inventory is due at each look. */
  readonly hasInventory?: boolean;
  /** Default: true. */
  readonly hasStateDir?: boolean;
}

/** Repositories, jobs that write to them, an agent, and a Prometheus that looks at it, in a time of their own. */
export class World {
  readonly repositories: readonly RepositoryOnDisk[];
  readonly agent: AgentInTime;
  readonly looks: Look[] = [];
  readonly jobs = new Set<Job>();
  /** The target as Prometheus names it; undefined: Prometheus is away. */
  instance: string | undefined = "agent-1:9121";
  readonly stepMinutes: number;
  /** Ids of the snapshots of a host in the first repository, oldest first. */
  readonly snapshots = new Map<string, string[]>();
  #now = BEGIN;
  #struck: number | undefined;
  #repaired: number | undefined;

  private constructor(
    repositories: readonly RepositoryOnDisk[],
    agent: AgentInTime,
    stepMinutes: number,
  ) {
    this.repositories = repositories;
    this.agent = agent;
    this.stepMinutes = stepMinutes;
  }

  static async create(scenery: Scenery): Promise<World> {
    const repositories: RepositoryOnDisk[] = [];
    for (let index = 0; index < (scenery.repositories ?? 1); index++)
      repositories.push(await RepositoryOnDisk.create());
    const settings = {
      ...scenery.settings,
      repositories: repositories.map(({ folder }) => ({
        repo: folder,
        password: PASSWORD,
        ...scenery.entry,
      })),
    };
    const agent = await AgentInTime.create(
      settings,
      scenery.hasStateDir ?? true,
      scenery.hasInventory ?? false,
    );
    return new World(repositories, agent, scenery.stepMinutes ?? 60);
  }

  get begin(): number {
    return BEGIN + this.stepMinutes * MINUTE;
  }

  /** Milliseconds since the epoch. */
  get now(): number {
    return this.#now;
  }

  /** The number of looks before the scenery. */
  get struck(): number {
    return this.#struck ?? this.looks.length;
  }

  /** The number of looks before the repair; undefined: there is none. */
  get repaired(): number | undefined {
    return this.#repaired;
  }

  get repository(): RepositoryOnDisk {
    const [first] = this.repositories;
    if (!first) throw new Error("this disaster has no repository");
    return first;
  }

  strike(): void {
    this.#struck = this.looks.length;
  }

  repair(): void {
    this.#repaired = this.looks.length;
  }

  /** Adds daily backups of the past, as if they had been made in time, and starts the agent. */
  async begins(days: number, ...jobs: readonly Job[]): Promise<void> {
    for (const job of jobs) this.jobs.add(job);
    for (let hour = -24 * days; hour <= 0; hour++) await this.#runJobs(BEGIN + hour * HOUR);
    await this.agent.start(BEGIN);
  }

  /** Lets time go on: the jobs run, and Prometheus looks at each step. */
  async hours(count: number): Promise<void> {
    const end = this.#now + count * HOUR;
    while (this.#now < end) {
      this.#now += this.stepMinutes * MINUTE;
      if (this.#now % HOUR === 0) await this.#runJobs(this.#now);
      const text = await this.agent.look(this.#now);
      this.looks.push({
        text: this.instance === undefined ? undefined : text,
        instance: this.instance,
      });
    }
  }

  days(count: number): Promise<void> {
    return this.hours(24 * count);
  }

  /** Writes a snapshot that begins now. */
  async backup(backup: Backup, repository = this.repository): Promise<string> {
    return this.#write(this.#now, backup, repository);
  }

  async close(): Promise<void> {
    await this.agent.close();
    for (const repository of this.repositories) await repository.delete();
  }

  async #runJobs(now: number): Promise<void> {
    const date = new Date(now);
    for (const { hours = [3], weekdays, repository = this.repository, ...backup } of this.jobs)
      if (hours.includes(date.getUTCHours()) && weekdays?.includes(date.getUTCDay()) !== false)
        await this.#write(now, backup, repository);
  }

  async #write(now: number, backup: Backup, repository: RepositoryOnDisk): Promise<string> {
    const id = await repository.backup(now, backup);
    if (repository === this.repository) {
      const ids = this.snapshots.get(backup.host) ?? [];
      ids.push(id);
      this.snapshots.set(backup.host, ids);
    }
    return id;
  }
}

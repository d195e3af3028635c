import { AgentInTime } from "./agent-in-time.ts";
import { PASSWORD, RepositoryOnDisk } from "./repository-on-disk.ts";
import type { Backup } from "./repository-on-disk.ts";
import type { Look, Target } from "./series.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const JOB = "restic-otel";
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
  /** Settings of a second agent, beside those of the first one. Default: there is one agent. */
  readonly second?: Readonly<Record<string, unknown>>;
  /** Default: restic-otel. */
  readonly secondJob?: string;
  /** The agents push, and Prometheus does not scrape them. */
  readonly isPushed?: boolean;
}

/** Repositories, jobs that write to them, one or two agents, and a Prometheus that looks at them, in a time of their own. */
export class World {
  readonly repositories: readonly RepositoryOnDisk[];
  readonly agent: AgentInTime;
  readonly second: AgentInTime | undefined;
  readonly looks: Look[] = [];
  readonly jobs = new Set<Job>();
  /** The target as Prometheus names it; undefined: Prometheus is away. */
  instance: string | undefined = "agent-1:9121";
  readonly stepMinutes: number;
  /** Ids of the snapshots of each backup set, oldest first. */
  readonly snapshots = new Map<string, string[]>();
  #now = BEGIN;
  #struck: number | undefined;
  #repaired: number | undefined;

  readonly #scenery: Scenery;

  private constructor(
    scenery: Scenery,
    repositories: readonly RepositoryOnDisk[],
    agent: AgentInTime,
    second: AgentInTime | undefined,
  ) {
    this.repositories = repositories;
    this.agent = agent;
    this.second = second;
    this.stepMinutes = scenery.stepMinutes ?? 60;
    this.#scenery = scenery;
  }

  static async create(scenery: Scenery): Promise<World> {
    const repositories: RepositoryOnDisk[] = [];
    for (let index = 0; index < (scenery.repositories ?? 1); index++)
      repositories.push(await RepositoryOnDisk.create());
    const settings = {
      ...withFolders(scenery.settings, repositories),
      repositories: repositories.map(({ folder }) => ({
        repo: folder,
        password: PASSWORD,
        ...scenery.entry,
      })),
    };
    const { hasStateDir = true, hasInventory = false, second } = scenery;
    const start = (more: object = {}): Promise<AgentInTime> =>
      AgentInTime.create({ ...settings, ...more }, hasStateDir, hasInventory);
    return new World(
      scenery,
      repositories,
      await start(),
      second ? await start(withFolders(second, repositories)) : undefined,
    );
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

  /** Ids of the snapshots of a backup set, oldest first. */
  idsOf({ host, user = "root" }: Backup, repository = this.repository): string[] {
    const set = `${this.repositories.indexOf(repository)} ${host} ${user}`;
    const ids = this.snapshots.get(set) ?? [];
    this.snapshots.set(set, ids);
    return ids;
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
    await this.second?.start(BEGIN);
  }

  /** Lets time go on: the jobs run, and Prometheus looks at each step. */
  async hours(count: number): Promise<void> {
    const end = this.#now + count * HOUR;
    while (this.#now < end) {
      this.#now += this.stepMinutes * MINUTE;
      if (this.#now % HOUR === 0) await this.#runJobs(this.#now);
      this.looks.push(await this.#look());
    }
  }

  days(count: number): Promise<void> {
    return this.hours(24 * count);
  }

  /** Writes a snapshot that begins now, or some days ago. */
  async backup(backup: Backup, repository = this.repository, daysAgo = 0): Promise<string> {
    return this.#write(this.#now - daysAgo * 24 * HOUR, backup, repository);
  }

  /** Reloads the settings of the first agent. @param changes to those of the scenery */
  reload(changes: Readonly<Record<string, unknown>>): Promise<void> {
    return this.agent.reload(withFolders(changes, this.repositories));
  }

  async close(): Promise<void> {
    await this.agent.close();
    await this.second?.close();
    for (const repository of this.repositories) await repository.delete();
  }

  async #look(): Promise<Look> {
    const { isPushed = false, secondJob = JOB } = this.#scenery;
    const targets: Target[] = [];
    const look = async (agent: AgentInTime, instance: string, job: string): Promise<void> => {
      const text = await agent.look(this.#now);
      targets.push({ instance, job, text: text && this.#withoutFolders(text), isPushed });
    };
    await look(this.agent, this.instance ?? "", JOB);
    if (this.second) await look(this.second, "agent-b:9121", secondJob);
    return this.instance === undefined ? [] : targets;
  }

  /** The addresses of the repositories are the same in each run. */
  #withoutFolders(text: string): string {
    return this.repositories.reduce(
      (named, { folder }, index) => named.replaceAll(folder, `/repository-${index + 1}`),
      text,
    );
  }

  async #runJobs(now: number): Promise<void> {
    const date = new Date(now);
    for (const { hours = [3], weekdays, repository = this.repository, ...backup } of this.jobs)
      if (hours.includes(date.getUTCHours()) && weekdays?.includes(date.getUTCDay()) !== false)
        await this.#write(now, backup, repository);
  }

  async #write(now: number, backup: Backup, repository: RepositoryOnDisk): Promise<string> {
    const id = await repository.backup(now, backup);
    this.idsOf(backup, repository).push(id);
    return id;
  }
}

/** Settings with the addresses of repositories in the place of `/repository-1` and so on. */
function withFolders(
  settings: Scenery["settings"] = {},
  repositories: readonly RepositoryOnDisk[],
): object {
  const text = JSON.stringify(settings).replaceAll(
    /"\/repository-(\d+)"/g,
    (name, number: string) => JSON.stringify(repositories[Number(number) - 1]?.folder ?? name),
  );
  return Object(JSON.parse(text));
}

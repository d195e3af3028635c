import { AgentInTime } from "./agent-in-time.ts";
import { PASSWORD, RepositoryOnDisk } from "./repository-on-disk.ts";
import type { Backup } from "./repository-on-disk.ts";
import type { Job, Scenery, Settings } from "./scenery.ts";
import type { Look, Target } from "./series.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** A Monday, two weeks before summer time begins in Europe. */
const BEGIN = Date.UTC(2027, 2, 15);

/** An agent, and the target that Prometheus has. */
interface Member extends Omit<Target, "text"> {
  readonly agent: AgentInTime;
}

/** Repositories, jobs that write to them, agents, and a Prometheus that looks at them, in a time of their own. */
export class World {
  readonly repositories: readonly RepositoryOnDisk[];
  readonly looks: Look[] = [];
  readonly jobs = new Set<Job>();
  /** The first target as Prometheus names it; undefined: Prometheus is away. */
  instance: string | undefined;
  readonly stepMinutes: number;
  #now = BEGIN;
  #struck: number | undefined;
  #repaired: number | undefined;
  /** Ids of the snapshots of each backup set, oldest first. */
  readonly #snapshots = new Map<string, string[]>();
  readonly #members: readonly Member[];
  /** The ids of repositories, in the order in which they were seen, and of their addresses. */
  readonly #ids: string[] = [];

  private constructor(
    { stepMinutes = 60 }: Scenery,
    repositories: readonly RepositoryOnDisk[],
    members: readonly Member[],
  ) {
    this.repositories = repositories;
    this.stepMinutes = stepMinutes;
    this.#members = members;
    this.instance = members[0]?.instance;
  }

  static async create(scenery: Scenery): Promise<World> {
    const repositories: RepositoryOnDisk[] = [];
    for (let index = 0; index < (scenery.repositories ?? 1); index++)
      repositories.push(await RepositoryOnDisk.create());
    const all = repositories.map(({ folder }) => ({
      repo: folder,
      password: PASSWORD,
      ...scenery.entry,
    }));
    const members: Member[] = [];
    for (const [index, own] of [{}, ...(scenery.others ?? [])].entries()) {
      const { hasStateDir = true, hasInventory = false, ...rest } = { ...scenery, ...own };
      const { job = "restic-otel", isPushed = false, isApplication = false } = rest;
      const settings = withFolders({ ...scenery.settings, ...own.settings }, repositories);
      members.push({
        agent: await AgentInTime.create(
          { repositories: all, ...settings },
          { hasStateDir, hasInventory, isApplication },
        ),
        instance: own.instance ?? `agent-${index + 1}:9121`,
        job,
        isPushed,
      });
    }
    return new World(scenery, repositories, members);
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

  /** The first agent. */
  get agent(): AgentInTime {
    return this.agentAt(1);
  }

  /** @param number from 1 */
  agentAt(number: number): AgentInTime {
    const member = this.#members[number - 1];
    if (!member) throw new Error(`there is no agent ${number}`);
    return member.agent;
  }

  /** The first repository. */
  get repository(): RepositoryOnDisk {
    return this.repositoryAt(1);
  }

  /** @param number from 1 */
  repositoryAt(number: number): RepositoryOnDisk {
    const repository = this.repositories[number - 1];
    if (!repository) throw new Error(`there is no repository ${number}`);
    return repository;
  }

  /** Ids of the snapshots of a backup set, oldest first. */
  idsOf({ host, user = "root" }: Backup, repository = 1): string[] {
    const set = `${repository} ${host} ${user}`;
    const ids = this.#snapshots.get(set) ?? [];
    this.#snapshots.set(set, ids);
    return ids;
  }

  /** Removes snapshots of a backup set, with the arguments of Array's splice. Default: all of them. */
  async forget(set: Backup, start = 0, count = Infinity, repository = 1): Promise<void> {
    const ids = this.idsOf(set, repository).splice(start, count);
    await this.repositoryAt(repository).remove("snapshots", ids);
  }

  /** As `restic forget --keep-last`. */
  keepLast(set: Backup, count: number, repository = 1): Promise<void> {
    const removed = Math.max(0, this.idsOf(set, repository).length - count);
    return this.forget(set, 0, removed, repository);
  }

  strike(): void {
    this.#struck = this.looks.length;
  }

  repair(): void {
    this.#repaired = this.looks.length;
  }

  /** Adds daily backups of the past, as if they had been made in time, and starts the agents. */
  async begins(days: number, ...jobs: readonly Job[]): Promise<void> {
    for (const job of jobs) this.jobs.add(job);
    for (let hour = -24 * days; hour <= 0; hour++) await this.#runJobs(BEGIN + hour * HOUR);
    for (const { agent } of this.#members) await agent.start(BEGIN);
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

  /** Lets time go on without scrapes: Prometheus evaluates the rules, or is away. */
  async hoursWithoutScrapes(count: number): Promise<void> {
    const { instance } = this;
    this.instance = undefined;
    await this.hours(count);
    this.instance = instance;
  }

  /** Writes a snapshot that begins now, or some days ago. */
  async backup(backup: Backup, repository = 1, daysAgo = 0): Promise<string> {
    return this.#write(this.#now - daysAgo * 24 * HOUR, backup, repository);
  }

  /** Reloads the settings of an agent. @param changes to those that it was started with */
  reload(changes: Settings, number = 1): Promise<void> {
    return this.agentAt(number).reload(withFolders(changes, this.repositories));
  }

  /** Kills and starts an agent. @param changes to its settings, from now on */
  async restart(number = 1, changes: Settings = {}): Promise<void> {
    await this.agentAt(number).kill();
    await this.agentAt(number).start(this.#now, withFolders(changes, this.repositories));
  }

  async close(): Promise<void> {
    for (const { agent } of this.#members) await agent.close();
    for (const repository of this.repositories) await repository.delete();
  }

  async #look(): Promise<Look> {
    const targets: Target[] = [];
    for (const [index, { agent, ...target }] of this.#members.entries()) {
      const text = await agent.look(this.#now);
      const instance = index === 0 ? this.instance : target.instance;
      if (instance !== undefined)
        targets.push({ ...target, instance, text: text && this.#withNames(text) });
    }
    return this.instance === undefined ? [] : targets;
  }

  /** The addresses and ids of the repositories are the same in each run. */
  #withNames(text: string): string {
    const named = this.repositories.reduce(
      (before, { folder }, index) => before.replaceAll(folder, `/repository-${index + 1}`),
      text,
    );
    const infos = named.split("\n").filter((line) => line.startsWith("backup_repository_info{"));
    const seen = infos.map((line) => [valueOf(line, "url"), valueOf(line, "id")] as const);
    for (const [, id] of seen.toSorted(([a], [b]) => a.localeCompare(b)))
      if (!this.#ids.includes(id)) this.#ids.push(id);
    return this.#ids.reduce(
      (before, id, index) => before.replaceAll(`"${id}"`, `"id-${index + 1}"`),
      named,
    );
  }

  async #runJobs(now: number): Promise<void> {
    const date = new Date(now);
    for (const { hours = [3], weekdays, repository = 1, ...backup } of this.jobs)
      if (hours.includes(date.getUTCHours()) && weekdays?.includes(date.getUTCDay()) !== false)
        await this.#write(now, backup, repository);
  }

  async #write(now: number, backup: Backup, repository: number): Promise<string> {
    const id = await this.repositoryAt(repository).backup(now, backup);
    this.idsOf(backup, repository).push(id);
    return id;
  }
}

/** The value of a label in a line of the exposition. */
function valueOf(line: string, label: string): string {
  return new RegExp(`[{,]${label}="([^"]*)"`).exec(line)?.[1] ?? "";
}

/** Settings with the addresses of repositories in the place of `/repository-1` and so on. */
function withFolders(settings: Settings, repositories: readonly RepositoryOnDisk[]): object {
  const text = JSON.stringify(settings).replaceAll(
    /"\/repository-(\d+)"/g,
    (name, number: string) => JSON.stringify(repositories[Number(number) - 1]?.folder ?? name),
  );
  return Object(JSON.parse(text));
}

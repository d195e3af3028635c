import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parse, stringify } from "yaml";

import { shardOf } from "../../../src/settings/shard.ts";
import { startAgent } from "../agent/agent.ts";
import type { RunningAgent } from "../agent/agent.ts";
import { at } from "../agent/manifest.ts";
import { query } from "./prometheus.ts";
import { repositoryFolder } from "../repository/repository-folder.ts";
import type { Samples } from "../agent/samples.ts";
import { SealedRepository } from "../repository/sealed-repository.ts";
import { until } from "../core/until.ts";

const SCALE = join(import.meta.dirname, "../../../examples/scale");
const TOTAL = 2;
/** Minimum number of repositories in each shard. */
const REPOSITORIES = 3;

/** Replaces the interval of one minute in the files. A scrape may take as long. */
export const SCRAPE_SECONDS = 5;

/** A repository that tests change. */
interface ChangingRepository {
  readonly path: string;
  readonly sealed: SealedRepository;
}

/** Two shards of two agents each, and one agent that has all repositories. */
export interface Pairs {
  readonly whole: RunningAgent;
  /** By their names in the files: `a-0`, `b-0`, `a-1`, `b-1`. */
  readonly agents: ReadonlyMap<string, RunningAgent>;
  /** A repository of shard 0. */
  readonly changing: ChangingRepository;
  /** The URL of a repository that does not exist. */
  readonly unreadable: string;
  /** The path of a file of examples/scale, adapted to these agents. */
  file(name: string): string;
  stop(): Promise<void>;
}

/** @param otlp the OTLP endpoint of the agents of the shards */
export async function startPairs(otlp?: string): Promise<Pairs> {
  const folder = await mkdtemp(join(tmpdir(), "pairs-"));
  const sealed = new Map<string, SealedRepository>();
  const ofShard = (index: number): readonly string[] =>
    [...sealed.keys()].filter((path) => shardOf(path, TOTAL) === index);
  while (ofShard(0).length < REPOSITORIES || ofShard(1).length < REPOSITORIES) {
    const path = join(folder, `repository-${sealed.size}`);
    const repository = new SealedRepository("p");
    for (const username of ["root", "db"])
      repository.addSnapshot({ time: new Date(0), hostname: `host-${sealed.size}`, username });
    sealed.set(path, repository);
    await repositoryFolder(repository.files, path);
  }
  const unreadable = join(folder, "nowhere");
  const repositories = [...sealed.keys(), unreadable].map((repo) => ({
    repo,
    password: "p",
  }));
  const start = async (name: string, more: object): Promise<RunningAgent> =>
    startAgent(
      // The agents collect at their start and on demand.
      { cron: "0 0 1 1 *", retryFailed: false, repositories, ...more },
      { env: { OTEL_RESOURCE_ATTRIBUTES: `service.instance.id=restic-otel-${name}` } },
    );
  const whole = await start("whole", {});
  const agents = new Map<string, RunningAgent>();
  for (const replica of ["a", "b"])
    for (let index = 0; index < TOTAL; index++)
      agents.set(
        `${replica}-${index}`,
        await start(`${replica}-${index}`, {
          shard: { index, total: TOTAL },
          ...(otlp !== undefined && { otlp: [{ endpoint: otlp }], otlpInterval: "2s" }),
        }),
      );
  const file = (name: string): string => join(folder, name);
  await writeFiles(agents, file);
  const [path = ""] = ofShard(0);
  return {
    whole,
    agents,
    changing: { path, sealed: sealed.get(path) ?? new SealedRepository("p") },
    unreadable,
    file,
    async stop() {
      await Promise.all([whole, ...agents.values()].map((agent) => agent.stop()));
      await rm(folder, { recursive: true });
    },
  };
}

/** Writes the files with other addresses, fewer shards and a shorter interval. */
async function writeFiles(
  agents: ReadonlyMap<string, RunningAgent>,
  file: (name: string) => string,
): Promise<void> {
  const targets: unknown = parse(await readFile(join(SCALE, "agents.yml"), "utf8"));
  const groups = (Array.isArray(targets) ? targets : []).map((group: unknown) => ({
    labels: at(group, "labels"),
    targets: [...agents].flatMap(([name, { url }]) => {
      const is = (target: unknown): boolean => target === `restic-otel-${name}.restic-otel:9121`;
      const all = at(group, "targets");
      return Array.isArray(all) && all.some(is) ? [new URL(url).host] : [];
    }),
  }));
  await writeFile(file("agents.yml"), stringify(groups));
  const changes: readonly (readonly [RegExp, string])[] = [
    [/(== |< )5\b/g, `$1${TOTAL}`],
    [/_interval: 1m/g, `_interval: ${SCRAPE_SECONDS}s`],
    [/\[agents.yml\]/, `[${file("agents.yml")}]`],
    [/- pairs.yml/, `- ${file("pairs.yml")}`],
    [/- \.\.\/prometheus/, `- ${join(SCALE, "../prometheus")}`],
  ];
  for (const name of ["prometheus.yml", "pairs.yml", "victoria-metrics.yml", "relabel.yml"]) {
    const text = await readFile(join(SCALE, name), "utf8");
    await writeFile(
      file(name),
      changes.reduce((changed, [from, to]) => changed.replaceAll(new RegExp(from, "g"), to), text),
    );
  }
}

const SETS =
  "backup_(snapshot_count|newest_timestamp|days_age|oldest_timestamp_seconds|last_.+|repository_(snapshots|unreadable_snapshots|info))";
const ATTEMPTS = "backup_(read_error_count|job_error_count|repository_(up|error))";

/** Names of the series that a pair of agents has once: those of the content alone, or those of the attempts too. */
export const ONE = { content: SETS, all: `${SETS}|${ATTEMPTS}` } as const;

const shown = (labels: Readonly<Record<string, string>>, value: string): string =>
  `${JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))} ${value}`;

const sorted = (lines: readonly string[]): readonly string[] =>
  lines.toSorted((a, b) => (a < b ? -1 : 1));

/** Labels and values of the series with these names in an exposition. */
export function seriesOf(samples: Samples, names: string): readonly string[] {
  const pattern = new RegExp(`^(?:${names})$`);
  return sorted(
    samples.all
      .filter(({ name }) => pattern.test(name))
      .map(({ name, labels, value }) => shown({ __name__: name, ...labels }, String(value))),
  );
}

/** Labels and values of the series with these names in a database, without the label `job`. */
export async function storedSeries(url: string, names: string): Promise<readonly string[]> {
  const found = await query(url, `{__name__=~"${names}"}`);
  return sorted(
    found.map(({ metric, value: [, value] }) => {
      const { job: _job, ...labels } = metric;
      return shown(labels, String(Number(value)));
    }),
  );
}

/** Waits until a database has that many series with these names, and returns them. */
export async function seriesOnceThere(
  url: string,
  names: string,
  count: number,
): Promise<readonly string[]> {
  let series: readonly string[] = [];
  await until(`${count} series`, async () => {
    series = await storedSeries(url, names);
    return series.length === count;
  });
  return series;
}

/** The result of a query. NaN unless it is one number. */
export async function numberOf(url: string, expression: string): Promise<number> {
  const [first, ...others] = await query(url, expression);
  return first && others.length === 0 ? Number(first.value[1]) : Number.NaN;
}

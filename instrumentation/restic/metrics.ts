import type { Job, MetricSpec, Point, StoreEntry } from "../core/source.ts";
import { ageDays } from "./state.ts";
import type { BackupSet, RepositoryContent, RepositoryCost, RepositoryState, Summary } from "./state.ts";

export type RepositoryEntry = StoreEntry<RepositoryState>;

/** The last whole collection, and what the store holds now. */
export interface JobEntry {
  readonly job: Job;
  readonly repositories: readonly RepositoryEntry[];
}

const SET = ["url", "host", "user"] as const;
const URL = ["url"] as const;

/** Days after which `isLegacy` is "true". */
const LEGACY_DAYS = 60;

export const JOB_METRICS: readonly MetricSpec<JobEntry>[] = [
  {
    name: "backup.job.last_success_unixtime",
    kind: "gauge",
    description: "When the last whole collection finished, Unix seconds. A collection with failed repositories finished too.",
    labels: [],
    points: ({ job }) => [[job.finishedAt / 1000, {}]],
  },
  {
    name: "backup.job.error_count",
    kind: "gauge",
    description: "Repositories that failed in the last collection.",
    labels: [],
    points: ({ repositories }) => [[repositories.filter(({ attempt }) => attempt.error).length, {}]],
  },
];

/** @param legacyLabel adds `isLegacy` to two metrics, for people who have years of such series */
export function repositoryMetrics(legacyLabel: boolean): readonly MetricSpec<RepositoryEntry>[] {
  const legacy = (set: BackupSet, now: number): BackupSet["labels"] =>
    legacyLabel ? { ...set.labels, isLegacy: String(ageDays(set.newest, now) > LEGACY_DAYS) } : set.labels;
  const legacySet = legacyLabel ? [...SET, "isLegacy"] : SET;
  return [
    {
      name: "backup.read_error_count",
      kind: "gauge",
      description: "1 if the last collection of this repository failed or met a snapshot file that it could not read, else 0.",
      labels: URL,
      points: (entry) => [[Number(entry.attempt.error !== undefined), entry.subject]],
    },
    {
      name: "backup.snapshot_count",
      kind: "gauge",
      description: "Snapshots in the backup set.",
      labels: legacySet,
      points: (entry, now) => sets(entry, (set) => [set.snapshots, legacy(set, now)]),
    },
    {
      name: "backup.newest_timestamp",
      kind: "gauge",
      description: "Time of the newest snapshot of the backup set, Unix seconds.",
      labels: legacySet,
      points: (entry, now) => sets(entry, (set) => [set.newest.time.seconds, legacy(set, now)]),
    },
    {
      name: "backup.days_age",
      kind: "gauge",
      description: "Whole days from the newest snapshot of the backup set to now; negative for one that is dated in the future.",
      labels: SET,
      points: (entry, now) => sets(entry, (set) => [ageDays(set.newest, now), set.labels]),
    },
    ...ATTEMPT_METRICS,
    ...CONTENT_METRICS,
    ...COST_METRICS,
    ...SET_METRICS,
  ];
}

const ATTEMPT_METRICS: readonly MetricSpec<RepositoryEntry>[] = [
  {
    name: "backup.repository.up",
    kind: "gauge",
    description: "1 if the last collection could open and list this repository, else 0.",
    labels: URL,
    points: (entry) => [[Number(entry.attempt.complete), entry.subject]],
  },
  {
    name: "backup.repository.error",
    kind: "gauge",
    description: "1 while the repository fails, with the class of the failure.",
    labels: ["url", "error_type"],
    points: ({ attempt: { error }, subject }) => (error ? [[1, { ...subject, error_type: error.code }]] : []),
  },
  {
    name: "backup.repository.last_attempt_timestamp_seconds",
    kind: "gauge",
    unit: "s",
    description: "When the last collection of this repository ended, Unix seconds.",
    labels: URL,
    points: ({ attempt, subject }) => [[attempt.startedAt / 1000 + attempt.durationSeconds, subject]],
  },
  {
    name: "backup.repository.last_success_timestamp_seconds",
    kind: "gauge",
    unit: "s",
    description: "When this repository could last be opened and listed, Unix seconds.",
    labels: URL,
    points: ({ lastCompleteAt, subject }) => (lastCompleteAt === undefined ? [] : [[lastCompleteAt / 1000, subject]]),
  },
  {
    name: "backup.repository.collection_duration_seconds",
    kind: "gauge",
    unit: "s",
    description: "How long the last collection of this repository took.",
    labels: URL,
    points: ({ attempt, subject }) => [[attempt.durationSeconds, subject]],
  },
];

const CONTENT_METRICS: readonly MetricSpec<RepositoryEntry>[] = [
  {
    name: "backup.repository.snapshots",
    kind: "gauge",
    description: "Snapshots in the repository, readable or not.",
    labels: URL,
    points: (entry) => content(entry, ({ snapshots }) => [snapshots, entry.subject]),
  },
  {
    name: "backup.repository.unreadable_snapshots",
    kind: "gauge",
    description: "Snapshot files that could not be read, verified or parsed.",
    labels: URL,
    points: (entry) => content(entry, ({ unreadable }) => [unreadable, entry.subject]),
  },
  {
    name: "backup.repository.info",
    kind: "gauge",
    description: "1, with the id of the repository and the version of its format.",
    labels: ["url", "id", "version"],
    points: (entry) => content(entry, ({ config }) => [1, { ...entry.subject, id: config.id, version: String(config.version) }]),
  },
];

const COST_METRICS: readonly MetricSpec<RepositoryEntry>[] = [
  {
    name: "backup.repository.requests",
    kind: "counter",
    description: "Calls of the agent to this repository: pages of listings and files, retries included.",
    labels: ["url", "operation"],
    points: (entry) => operations(entry, (cost) => cost.requests),
  },
  {
    name: "backup.repository.received_bytes",
    kind: "counter",
    unit: "By",
    description: "Bytes that the agent received from this repository.",
    labels: ["url", "operation"],
    points: (entry) => operations(entry, (cost) => cost.receivedBytes),
  },
  {
    name: "backup.repository.key_derivations",
    kind: "counter",
    description: "Key derivations (scrypt) that the agent did for this repository.",
    labels: URL,
    points: ({ state, subject }) => (state ? [[state.cost.keyDerivations, subject]] : []),
  },
];

const SET_METRICS: readonly MetricSpec<RepositoryEntry>[] = [
  {
    name: "backup.oldest_timestamp_seconds",
    kind: "gauge",
    unit: "s",
    description: "Time of the oldest snapshot of the backup set, Unix seconds.",
    labels: SET,
    points: (entry) => sets(entry, (set) => [set.oldest.time.seconds, set.labels]),
  },
  newest("backup.last.duration_seconds", "s", "How long the newest snapshot of the backup set took to make.", (summary) => summary.durationSeconds),
  newest("backup.last.files", undefined, "Files in the newest snapshot of the backup set.", (summary) => summary.files),
  newest("backup.last.processed_bytes", "By", "Bytes in the newest snapshot of the backup set.", (summary) => summary.processedBytes),
  newest("backup.last.added_bytes", "By", "Bytes that the newest snapshot added, before compression.", (summary) => summary.addedBytes),
  newest("backup.last.added_stored_bytes", "By", "Bytes that the newest snapshot added, as stored.", (summary) => summary.addedStoredBytes),
];

/** A metric from the summary of the newest snapshot: restic 0.17 and later; no series without one. */
function newest(name: string, unit: "s" | "By" | undefined, description: string, value: (summary: Summary) => number | undefined): MetricSpec<RepositoryEntry> {
  return {
    name,
    kind: "gauge",
    ...(unit && { unit }),
    description,
    labels: SET,
    points: (entry) =>
      sets(entry, ({ newest: { summary }, labels }) => {
        const known = summary && value(summary);
        return known === undefined ? undefined : [known, labels];
      }),
  };
}

function sets({ state }: RepositoryEntry, point: (set: BackupSet) => Point | undefined): readonly Point[] {
  return state?.content?.sets.map(point).filter((known) => known !== undefined) ?? [];
}

function content({ state }: RepositoryEntry, point: (content: RepositoryContent) => Point): readonly Point[] {
  return state?.content ? [point(state.content)] : [];
}

function operations({ state, subject }: RepositoryEntry, value: (cost: RepositoryCost["list"]) => number): readonly Point[] {
  return state ? (["list", "load"] as const).map((operation) => [value(state.cost[operation]), { ...subject, operation }]) : [];
}

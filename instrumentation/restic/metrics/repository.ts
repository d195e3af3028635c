import type { StoreEntry } from "../../core/source.ts";
import type { MetricSpec, Point } from "../../metrics/spec.ts";
import type { RepositoryContent, RepositoryCost, RepositoryState } from "../state.ts";
import { LOCK_METRICS } from "./lock.ts";

export type RepositoryEntry = StoreEntry<RepositoryState>;

const URL = ["url"] as const;

const ATTEMPT_METRICS: readonly MetricSpec<RepositoryEntry>[] = [
  {
    name: "backup.read_error_count",
    kind: "gauge",
    description:
      "1 if the last collection of this repository failed or met a snapshot file that it could not read, else 0.",
    labels: URL,
    points: (entry) => [[Number(entry.attempt.error !== undefined), entry.subject]],
  },
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
    points: ({ attempt: { error }, subject }) =>
      error ? [[1, { ...subject, error_type: error.code }]] : [],
  },
  {
    name: "backup.repository.last_attempt_timestamp_seconds",
    kind: "gauge",
    unit: "s",
    description: "When the last collection of this repository ended, Unix seconds.",
    labels: URL,
    points: ({ attempt, subject }) => [
      [attempt.startedAt / 1000 + attempt.durationSeconds, subject],
    ],
  },
  {
    name: "backup.repository.last_success_timestamp_seconds",
    kind: "gauge",
    unit: "s",
    description: "When this repository could last be opened and listed, Unix seconds.",
    labels: URL,
    points: ({ lastCompleteAt, subject }) =>
      lastCompleteAt === undefined ? [] : [[lastCompleteAt / 1000, subject]],
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
    points: (entry) =>
      content(entry, ({ config }) => [
        1,
        { ...entry.subject, id: config.id, version: String(config.version) },
      ]),
  },
  {
    name: "backup.repository.last_backdated_timestamp_seconds",
    kind: "gauge",
    unit: "s",
    description:
      "When the last backdated snapshot appeared, Unix seconds. Those that were there at the first look do not count.",
    labels: URL,
    points: ({ state, subject }) => {
      const sets = state?.content?.sets ?? [];
      const last = sets.reduce((max, set) => Math.max(max, set.lastBackdatedAt ?? 0), 0);
      return last > 0 ? [[last / 1000, subject]] : [];
    },
  },
];

const COST_METRICS: readonly MetricSpec<RepositoryEntry>[] = [
  {
    name: "backup.repository.requests",
    kind: "counter",
    description:
      "Calls of the agent to this repository: pages of listings and files, retries included.",
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

export const REPOSITORY_METRICS: readonly MetricSpec<RepositoryEntry>[] = [
  ...ATTEMPT_METRICS,
  ...CONTENT_METRICS,
  ...LOCK_METRICS,
  ...COST_METRICS,
];

function content(
  { state }: RepositoryEntry,
  point: (content: RepositoryContent) => Point,
): readonly Point[] {
  return state?.content ? [point(state.content)] : [];
}

function operations(
  { state, subject }: RepositoryEntry,
  value: (cost: RepositoryCost["list"]) => number,
): readonly Point[] {
  return state
    ? (["list", "load"] as const).map((operation) => [
        value(state.cost[operation]),
        { ...subject, operation },
      ])
    : [];
}

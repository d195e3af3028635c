import { toAgentError } from "restic-otel-instrumentation/internal";
import type {
  BackupSet,
  ErrorCode,
  RepositoryState,
  StoreEntry,
} from "restic-otel-instrumentation/internal";

import { ERROR_HELP } from "./error-help.ts";
import { isoTime } from "./time.ts";

/**
 * What the status page shows and `/api/status` gives. Times are ISO 8601 in UTC, null for what is not known; ages and durations are
 * seconds. `version` changes when a field is taken away or means something else.
 */
export interface Status {
  readonly version: 1;
  readonly now: string;
  readonly lateAfterSeconds: number;
  readonly nextCollection: string | null;
  readonly repositories: readonly RepositoryStatus[];
  readonly sets: readonly SetStatus[];
}

/**
 * `unknown`: no attempt has ended yet. `failing`: the last attempt could not read it, what is shown is older.
 * `damaged`: read, but for some snapshot files.
 */
export type RepositoryHealth = "fine" | "damaged" | "failing" | "unknown";

export interface RepositoryStatus {
  /** Without credentials. */
  readonly url: string;
  readonly state: RepositoryHealth;
  readonly error: {
    readonly type: ErrorCode;
    readonly message: string;
    readonly hint: string;
  } | null;
  readonly failingSince: string | null;
  readonly lastSuccess: string | null;
  readonly durationSeconds: number | null;
  readonly snapshots: number | null;
  readonly unreadableSnapshots: number | null;
  /** Of the last collection. */
  readonly requests: number | null;
}

export interface SetStatus {
  readonly url: string;
  readonly host: string;
  readonly user: string;
  readonly late: boolean;
  readonly newest: string;
  readonly ageSeconds: number;
  readonly oldest: string;
  readonly snapshots: number;
  /** Of the newest snapshot. */
  readonly addedBytes: number | null;
  readonly durationSeconds: number | null;
  /** How many days ago there were snapshots, within the last 30, newest first. */
  readonly daysAgo: readonly number[];
}

interface StatusInput {
  /** All that are collected, also those without an entry. */
  readonly urls: readonly string[];
  readonly entries: Iterable<StoreEntry<RepositoryState>>;
  readonly nextAt: number | undefined;
  readonly lateAfterMs: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const DAY_MS = 86_400_000;
const SHOWN_DAYS = 30;

/** Made of the store alone: nothing is read for it. */
export function statusOf({ urls, entries, nextAt, lateAfterMs, now }: StatusInput): Status {
  const known = [...entries];
  return {
    version: 1,
    now: isoTime(now),
    lateAfterSeconds: lateAfterMs / 1000,
    nextCollection: nextAt === undefined ? null : isoTime(nextAt),
    repositories: repositoriesOf(urls, known),
    sets: known.flatMap(({ state }) =>
      (state?.content?.sets ?? []).map((set) => setStatus(set, lateAfterMs, now)),
    ),
  };
}

/** The same without the sets, of which there may be thousands. */
export function repositoriesOf(
  urls: readonly string[],
  entries: Iterable<StoreEntry<RepositoryState>>,
): readonly RepositoryStatus[] {
  const byUrl = new Map([...entries].map((entry) => [entry.subject["url"] ?? "", entry]));
  return [...new Set([...urls, ...byUrl.keys()])].map((url) =>
    repositoryStatus(url, byUrl.get(url)),
  );
}

function repositoryStatus(
  url: string,
  entry: StoreEntry<RepositoryState> | undefined,
): RepositoryStatus {
  const error = entry?.attempt.error && toAgentError(entry.attempt.error);
  const content = entry?.state?.content;
  return {
    url,
    state: health(entry),
    error: error
      ? { type: error.code, message: error.message, hint: ERROR_HELP[error.code].hint }
      : null,
    failingSince: timeOrNull(entry?.failingSince),
    lastSuccess: timeOrNull(entry?.lastCompleteAt),
    durationSeconds: entry?.attempt.durationSeconds ?? null,
    snapshots: content?.snapshots ?? null,
    unreadableSnapshots: content?.unreadable ?? null,
    requests: entry?.state?.lastRequests ?? null,
  };
}

function health(entry: StoreEntry<RepositoryState> | undefined): RepositoryHealth {
  if (!entry) return "unknown";
  if (!entry.attempt.complete) return "failing";
  return entry.attempt.error ? "damaged" : "fine";
}

function setStatus(set: BackupSet, lateAfterMs: number, now: number): SetStatus {
  const { newest, oldest, snapshots, labels, days } = set;
  const ageMs = now - newest.time.seconds * 1000;
  const today = Math.floor(now / DAY_MS);
  return {
    url: labels["url"] ?? "",
    host: labels["host"] ?? "",
    user: labels["user"] ?? "",
    late: ageMs > lateAfterMs,
    newest: isoTime(newest.time.seconds * 1000),
    ageSeconds: Math.floor(ageMs / 1000),
    oldest: isoTime(oldest.time.seconds * 1000),
    snapshots,
    addedBytes: newest.summary?.addedBytes ?? null,
    durationSeconds: newest.summary?.durationSeconds ?? null,
    daysAgo: days.map((day) => today - day).filter((ago) => ago >= 0 && ago < SHOWN_DAYS),
  };
}

function timeOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : isoTime(ms);
}

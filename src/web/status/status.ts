import { toAgentError } from "restic-otel-instrumentation/internal";
import type {
  ErrorCode,
  Expectations,
  InventoryEntry,
  RepositoryState,
  StoreEntry,
} from "restic-otel-instrumentation/internal";

import { changesStatus } from "./changes/change-status.ts";
import type { ChangesStatus } from "./changes/change-status.ts";
import { ERROR_HELP } from "./error-help.ts";
import { expectationsOf } from "./expectation-status.ts";
import type { ExpectationStatus } from "./expectation-status.ts";
import { inventoryStatus } from "./inventory-status.ts";
import type { InventoryStatus } from "./inventory-status.ts";
import { locksStatus } from "./lock-status.ts";
import type { LocksStatus } from "./lock-status.ts";
import { setStatus } from "./sets/set-status.ts";
import type { SetStatus } from "./sets/set-status.ts";
import { isoTime, timeOrNull } from "./time.ts";

/**
 * The data of the status page and of `/api/status`. Times are ISO 8601 in UTC, ages and durations are in seconds, null means unknown.
 * `version` changes when a field is removed or changes its meaning.
 */
export interface Status {
  readonly version: 1;
  readonly now: string;
  readonly lateAfterSeconds: number;
  readonly nextCollection: string | null;
  readonly repositories: readonly RepositoryStatus[];
  readonly sets: readonly SetStatus[];
  /** Unmet ones first, the worst at the top. Empty: nothing is expected. */
  readonly expectations: readonly ExpectationStatus[];
  /** Slots above `maxSlots`, which are not in `expectations`. */
  readonly hiddenSlots: number;
}

/**
 * `unknown`: not collected yet. `failing`: the last collection failed, the data is from an earlier one.
 * `damaged`: collected, except for some snapshot files that cannot be read.
 */
export type RepositoryHealth = "fine" | "damaged" | "failing" | "unknown";

export interface RepositoryStatus {
  /** The printable URL, without credentials. */
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
  /** Number of requests of the last collection. */
  readonly requests: number | null;
  /** null: locks are not looked at, or were not yet. */
  readonly locks: LocksStatus | null;
  /** null: no collection was complete yet. */
  readonly changes: ChangesStatus | null;
  /** null: no inventories are taken of this repository. */
  readonly inventory: InventoryStatus | null;
}

/** The input of the status. */
export interface StatusInput {
  /** URLs of all repositories, including those without an entry in the store. */
  readonly urls: readonly string[];
  readonly entries: Iterable<StoreEntry<RepositoryState>>;
  readonly expected: Expectations;
  readonly inventories: readonly InventoryEntry[];
  readonly nextAt: number | undefined;
  readonly lateAfterMs: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Builds the status from the entries of the store. Does no I/O. */
export function statusOf(input: StatusInput): Status {
  const { urls, entries, expected, inventories, nextAt, lateAfterMs, now } = input;
  const stored = [...entries];
  return {
    version: 1,
    now: isoTime(now),
    lateAfterSeconds: lateAfterMs / 1000,
    nextCollection: timeOrNull(nextAt),
    repositories: repositoriesOf(urls, stored, inventories),
    sets: stored.flatMap(({ state }) =>
      (state?.content?.sets ?? []).map((set) => setStatus(set, expected, lateAfterMs, now)),
    ),
    expectations: expectationsOf(expected, now),
    hiddenSlots: expected.hiddenSlots,
  };
}

/** Only the repositories of the status: there can be thousands of backup sets. */
export function repositoriesOf(
  urls: readonly string[],
  entries: Iterable<StoreEntry<RepositoryState>>,
  inventories: readonly InventoryEntry[],
): readonly RepositoryStatus[] {
  const taken = new Map(inventories.map((entry) => [entry.subject["url"] ?? "", entry]));
  const byUrl = new Map([...entries].map((entry) => [entry.subject["url"] ?? "", entry]));
  return [...new Set([...urls, ...byUrl.keys()])].map((url) =>
    repositoryStatus(url, byUrl.get(url), taken.get(url)),
  );
}

function repositoryStatus(
  url: string,
  entry: StoreEntry<RepositoryState> | undefined,
  inventory: InventoryEntry | undefined,
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
    locks: locksStatus(entry?.state?.locks),
    changes: changesStatus(content?.changes),
    inventory: inventoryStatus(inventory),
  };
}

function health(entry: StoreEntry<RepositoryState> | undefined): RepositoryHealth {
  if (!entry) return "unknown";
  if (!entry.attempt.complete) return "failing";
  return entry.attempt.error ? "damaged" : "fine";
}

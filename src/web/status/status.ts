import { toAgentError } from "restic-otel-instrumentation/internal";
import type {
  BackupSet,
  ErrorCode,
  Expectations,
  Gap,
  InventoryEntry,
  RepositoryState,
  StoreEntry,
} from "restic-otel-instrumentation/internal";

import { changesStatus } from "./changes/change-status.ts";
import type { ChangesStatus } from "./changes/change-status.ts";
import { ERROR_HELP } from "./error-help.ts";
import { expectationsOf, holdersOf } from "./expectation-status.ts";
import type { ExpectationStatus, HolderStatus } from "./expectation-status.ts";
import { inventoryStatus } from "./inventory-status.ts";
import type { InventoryStatus } from "./inventory-status.ts";
import { locksStatus } from "./lock-status.ts";
import type { LocksStatus } from "./lock-status.ts";
import { isoTime } from "./time.ts";

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

export interface SetStatus {
  readonly url: string;
  readonly host: string;
  readonly user: string;
  /**
   * The newest snapshot is older than `lateAfterSeconds`. A set that expectations cover is late if it is older than one of them allows,
   * and this one is late; a retired one is never late.
   */
  readonly late: boolean;
  /** It is older than an expectation allows that covers it, and that is not late. */
  readonly old: boolean;
  /** The backup sets of the host that meet these expectations in its place. */
  readonly metBy: readonly HolderStatus[];
  /** The settings say that it is not expected any more. */
  readonly retired: boolean;
  /** The newest snapshot is dated more than an hour ahead, so that its age says nothing. */
  readonly future: boolean;
  /** The newest snapshot has no files. */
  readonly empty: boolean;
  readonly newest: string;
  readonly ageSeconds: number;
  readonly oldest: string;
  readonly snapshots: number;
  /** From the summary of the newest snapshot. */
  readonly addedBytes: number | null;
  /** From the summary of the newest snapshot. */
  readonly durationSeconds: number | null;
  /** The days with a snapshot within the last 30 days, as age in days, newest first. */
  readonly daysAgo: readonly number[];
  /** The calendar periods that ended within the last 30 days and have no snapshot, although the policy of an expectation expects one. */
  readonly gaps: readonly GapStatus[];
}

export interface GapStatus {
  readonly period: Gap["period"];
  readonly from: string;
  /** The begin of the next period. */
  readonly until: string;
}

/** The input of the status. */
export interface StatusInput {
  /** URLs of all repositories, including those without an entry in the store. */
  readonly urls: readonly string[];
  readonly entries: Iterable<StoreEntry<RepositoryState>>;
  /** Default: nothing is expected. */
  readonly expected?: Expectations;
  /** Default: no inventories are taken. */
  readonly inventories?: readonly InventoryEntry[];
  readonly nextAt: number | undefined;
  readonly lateAfterMs: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const DAY_MS = 86_400_000;
const NO_EXPECTATIONS: Expectations = {
  slots: [],
  idle: [],
  hiddenSlots: 0,
  overdueOf: () => [],
  gapsOf: () => [],
  holders: new Map(),
  doubtsOf: () => [],
  pausedUntil: new Map(),
  judged: new Set(),
  isRetired: () => false,
};
/** Clocks differ a little. The rule BackupSetInFuture of examples/prometheus allows as much. */
const FUTURE_MS = 3_600_000;
const CALENDAR_DAYS = 30;

/** Builds the status from the entries of the store. Does no I/O. */
export function statusOf(input: StatusInput): Status {
  const { urls, entries, expected = NO_EXPECTATIONS, nextAt, lateAfterMs, now } = input;
  const stored = [...entries];
  const expectations = expectationsOf(expected, now);
  const judge = (set: BackupSet): Judgement => judgementOf(set, expected, lateAfterMs, now);
  return {
    version: 1,
    now: isoTime(now),
    lateAfterSeconds: lateAfterMs / 1000,
    nextCollection: nextAt === undefined ? null : isoTime(nextAt),
    repositories: repositoriesOf(urls, stored, input.inventories),
    sets: stored.flatMap(({ state }) =>
      (state?.content?.sets ?? []).map((set) => ({
        ...setStatus(set, judge(set), now),
        gaps: expected.judged.has(set) ? gapsStatus(expected.gapsOf(set), now) : [],
      })),
    ),
    expectations,
    hiddenSlots: expected.hiddenSlots,
  };
}

/** Only the repositories of the status: there can be thousands of backup sets. */
export function repositoriesOf(
  urls: readonly string[],
  entries: Iterable<StoreEntry<RepositoryState>>,
  inventories: readonly InventoryEntry[] = [],
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

type Judgement = Pick<SetStatus, "late" | "old" | "metBy" | "retired">;

function judgementOf(
  set: BackupSet,
  expected: Expectations,
  lateAfterMs: number,
  now: number,
): Judgement {
  const none = { late: false, old: false, metBy: [], retired: false };
  if (expected.isRetired(set)) return { ...none, retired: true };
  const ageMs = now - set.newest.time.seconds * 1000;
  if (!expected.judged.has(set)) return { ...none, late: ageMs > lateAfterMs };
  const slots = expected.overdueOf(set);
  if (slots.some(({ verdict }) => verdict.reasons.includes("late"))) return { ...none, late: true };
  const met = slots.filter(({ verdict }) => !verdict.reasons.includes("copies"));
  const holders = met.flatMap((slot) => expected.holders.get(slot) ?? []);
  return { ...none, old: slots.length > 0, metBy: holdersOf([...new Set(holders)]) };
}

/** Newest first. Two policies may have the same gap. */
function gapsStatus(gaps: readonly Gap[], now: number): readonly GapStatus[] {
  const begin = now / 1000 - (CALENDAR_DAYS * DAY_MS) / 1000;
  const shown = gaps.filter(({ until }) => until > begin);
  const byKey = new Map(shown.map((gap) => [`${gap.period} ${gap.from}`, gap]));
  return [...byKey.values()]
    .toSorted((a, b) => b.until - a.until)
    .map(({ period, from, until }) => ({
      period,
      from: isoTime(from * 1000),
      until: isoTime(until * 1000),
    }));
}

function setStatus(set: BackupSet, judgement: Judgement, now: number): Omit<SetStatus, "gaps"> {
  const { newest, oldest, snapshots, labels, days } = set;
  const ageMs = now - newest.time.seconds * 1000;
  const today = Math.floor(now / DAY_MS);
  return {
    url: labels["url"] ?? "",
    host: labels["host"] ?? "",
    user: labels["user"] ?? "",
    ...judgement,
    future: -ageMs > FUTURE_MS,
    empty: newest.summary?.files === 0,
    newest: isoTime(newest.time.seconds * 1000),
    ageSeconds: Math.floor(ageMs / 1000),
    oldest: isoTime(oldest.time.seconds * 1000),
    snapshots,
    addedBytes: newest.summary?.addedBytes ?? null,
    durationSeconds: newest.summary?.durationSeconds ?? null,
    daysAgo: days.map((day) => today - day).filter((ago) => ago >= 0 && ago < CALENDAR_DAYS),
  };
}

function timeOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : isoTime(ms);
}

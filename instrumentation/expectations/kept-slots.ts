import { hash } from "node:crypto";

import { parseJson } from "../core/json.ts";
import type { Expectation, ExpectationSettings } from "../settings/expectations/expectations.ts";
import { slotKey } from "./hit.ts";
import type { Slot, Slots } from "./slots.ts";

/** The part of a slot that outlives a restart of the agent: of one of a glob, or of an expectation with a policy. */
export interface KeptSlot {
  /** Text of the settings that made the slot: a slot ends when they change. */
  readonly settings: string;
  /** The repositories of the expectation: a slot ends when one is taken away, as in a reload. */
  readonly urls: readonly string[];
  readonly expectation: string;
  readonly host: string | undefined;
  readonly user: string | undefined;
  /** Unix seconds; undefined: the slot is judged by what is there. */
  readonly newest: number | undefined;
  /** Milliseconds since the epoch; undefined: it had snapshots. */
  readonly lostAt: number | undefined;
  /** URLs of repositories, each with the time of the oldest snapshot that was evidence of retention, Unix seconds. */
  readonly since: readonly (readonly [url: string, since: number])[];
}

export function settingsId({ text }: Expectation, settings: ExpectationSettings): string {
  return hash("sha256", JSON.stringify([text, settings.text])).slice(0, 16);
}

export function keptSlots(
  settings: string,
  urls: readonly string[],
  slots: Slots,
): readonly KeptSlot[] {
  return [...slots.values()].flatMap((slot) => {
    const { isNamed, hadSnapshots, labels, verdict, lostAt, retained } = slot;
    const { expectation = "", host, user } = labels;
    const newest = isNamed || !hadSnapshots ? undefined : verdict.candidate;
    const since = retained
      .filter((one) => one.since < Infinity)
      .map((one) => [one.labels["url"] ?? "", one.since] as const);
    if (newest === undefined && since.length === 0) return [];
    return [{ settings, urls, expectation, host, user, newest, lostAt, since }];
  });
}

/**
 * The slots as they were before the restart: nothing is said of them until a repository is read.
 * @param urls the repositories of the expectation
 * @param text of the expectation
 */
export function restoredSlots(
  settings: string,
  urls: readonly string[],
  kept: readonly KeptSlot[],
  text: string,
): Slots {
  const own = kept.filter((one) => one.settings === settings);
  return new Map(
    own.map((one) => [
      slotKey(one.expectation, one.host, one.user),
      // Without a repository that was taken away the slot ends; the history of the other repositories goes on.
      restored(one, one.urls.every((url) => urls.includes(url)) ? one.newest : undefined, text),
    ]),
  );
}

/** @param newest undefined: the slot ends unless it has snapshots */
function restored(
  { expectation, host, user, lostAt, since }: KeptSlot,
  newest: number | undefined,
  text: string,
): Slot {
  const labels = Object.freeze({
    expectation,
    ...(host !== undefined && { host }),
    ...(user !== undefined && { user }),
  });
  return {
    labels,
    isNamed: false,
    verdict: {
      newest: undefined,
      candidate: newest ?? 0,
      maxAgeSeconds: 0,
      reasons: [],
      isSettled: false,
      isAttempted: false,
      until: 0,
    },
    hadSnapshots: newest !== undefined,
    lostAt,
    inputs: [],
    retained: since.map(([url, seconds]) => ({
      labels: Object.freeze({ url, ...labels }),
      periods: [],
      gaps: [],
      since: seconds,
      settings: text,
      until: Infinity,
    })),
  };
}

/** One list for each expectation: its settings, name, repositories and slots. */
export function encodeKeptSlots(slots: readonly KeptSlot[]): string {
  const groups = Map.groupBy(slots, ({ settings, expectation }) =>
    JSON.stringify([settings, expectation]),
  );
  return JSON.stringify(
    [...groups.values()].map((own) => [
      own[0]?.settings,
      own[0]?.expectation,
      own[0]?.urls,
      own.map(({ host, user, newest, lostAt, since }) => [
        host ?? null,
        user ?? null,
        newest ?? null,
        lostAt ?? null,
        ...(since.length > 0 ? [since] : []),
      ]),
    ]),
  );
}

/** undefined: the text is not what `encodeKeptSlots` wrote. */
export function decodeKeptSlots(text: string): readonly KeptSlot[] | undefined {
  const slots = listOf(parseJson(text), decodeGroup);
  return slots?.flat();
}

function decodeGroup(group: unknown): readonly KeptSlot[] | undefined {
  if (!Array.isArray(group)) return undefined;
  const [settings, expectation, repositories, rows]: readonly unknown[] = group;
  const urls = listOf(repositories, (url) => (typeof url === "string" ? url : undefined));
  if (typeof settings !== "string" || typeof expectation !== "string" || !urls) return undefined;
  return listOf(rows, (row) => {
    const slot = decodeRow(row);
    return slot && { settings, expectation, urls, ...slot };
  });
}

function decodeRow(
  row: unknown,
): Pick<KeptSlot, "host" | "user" | "newest" | "lostAt" | "since"> | undefined {
  if (!Array.isArray(row)) return undefined;
  const [host, user, newest, lostAt, times = []]: readonly unknown[] = row;
  if (host !== null && typeof host !== "string") return undefined;
  if (user !== null && typeof user !== "string") return undefined;
  if (newest !== null && typeof newest !== "number") return undefined;
  if (lostAt !== null && typeof lostAt !== "number") return undefined;
  const since = listOf(times, decodeSince);
  return (
    since && {
      host: host ?? undefined,
      user: user ?? undefined,
      newest: newest ?? undefined,
      lostAt: lostAt ?? undefined,
      since,
    }
  );
}

function decodeSince(value: unknown): readonly [url: string, since: number] | undefined {
  if (!Array.isArray(value)) return undefined;
  const [url, since]: readonly unknown[] = value;
  return typeof url === "string" && typeof since === "number" ? [url, since] : undefined;
}

/** undefined: it is not a list, or one of its members is not valid. */
function listOf<Value>(
  list: unknown,
  decode: (member: unknown) => Value | undefined,
): readonly Value[] | undefined {
  if (!Array.isArray(list)) return undefined;
  const members = list.map(decode);
  return members.every((member) => member !== undefined) ? members : undefined;
}

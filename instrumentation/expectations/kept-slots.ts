import { hash } from "node:crypto";

import { parseJson } from "../core/json.ts";
import type { Expectation, ExpectationSettings } from "../settings/expectations/expectations.ts";
import { slotKey } from "./hit.ts";
import type { Slot, Slots } from "./slots.ts";

/** The part of a slot that outlives a restart of the agent: of one of a glob, or of an expectation with a policy. */
export interface KeptSlot {
  /** Text of the settings that made the slot: a slot ends when they change. */
  readonly settings: string;
  readonly expectation: string;
  readonly host: string | undefined;
  readonly user: string | undefined;
  /** Unix seconds; 0 for a slot of names: it is judged by what is there. */
  readonly newest: number;
  /** Milliseconds since the epoch; undefined: it had snapshots. */
  readonly lostAt: number | undefined;
  /** URLs of repositories, each with the time of the oldest snapshot that was evidence of retention, Unix seconds. */
  readonly since: readonly (readonly [url: string, since: number])[];
}

export function settingsId({ text }: Expectation, settings: ExpectationSettings): string {
  return hash("sha256", JSON.stringify([text, settings.text])).slice(0, 16);
}

export function keptSlots(settings: string, slots: Slots): readonly KeptSlot[] {
  return [...slots.values()].flatMap(({ isNamed, labels, verdict, lostAt, retained }) => {
    const { expectation = "", host, user } = labels;
    const newest = isNamed ? 0 : verdict.candidate;
    const since = retained
      .filter((one) => one.since < Infinity)
      .map((one) => [one.labels["url"] ?? "", one.since] as const);
    if (newest === 0 && since.length === 0) return [];
    return [{ settings, expectation, host, user, newest, lostAt, since }];
  });
}

/**
 * The slots as they were before the restart: nothing is said of them until a repository is read.
 * @param text of the expectation
 */
export function restoredSlots(settings: string, kept: readonly KeptSlot[], text: string): Slots {
  return new Map(
    kept
      .filter((one) => one.settings === settings)
      .map((one) => [slotKey(one.expectation, one.host, one.user), restored(one, text)] as const),
  );
}

function restored(
  { expectation, host, user, newest, lostAt, since }: KeptSlot,
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
      candidate: newest,
      maxAgeSeconds: 0,
      reasons: [],
      isSettled: false,
      isAttempted: false,
      until: 0,
    },
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

export function encodeKeptSlots(slots: readonly KeptSlot[]): string {
  const rows = slots.map(({ settings, expectation, host, user, newest, lostAt, since }) => [
    settings,
    expectation,
    host ?? null,
    user ?? null,
    newest,
    lostAt ?? null,
    ...(since.length > 0 ? [since] : []),
  ]);
  return JSON.stringify(rows);
}

/** undefined: the text is not what `encodeKeptSlots` wrote. */
export function decodeKeptSlots(text: string): readonly KeptSlot[] | undefined {
  const rows = parseJson(text);
  if (!Array.isArray(rows)) return undefined;
  const slots = rows.map(decodeRow);
  return slots.every((slot) => slot !== undefined) ? slots : undefined;
}

function decodeRow(row: unknown): KeptSlot | undefined {
  if (!Array.isArray(row)) return undefined;
  const [settings, expectation, host, user, newest, lostAt, times = []]: readonly unknown[] = row;
  if (typeof settings !== "string" || typeof expectation !== "string") return undefined;
  if (host !== null && typeof host !== "string") return undefined;
  if (user !== null && typeof user !== "string") return undefined;
  if (typeof newest !== "number" || (lostAt !== null && typeof lostAt !== "number"))
    return undefined;
  if (!Array.isArray(times)) return undefined;
  const since = times.map(decodeSince);
  if (!since.every((one) => one !== undefined)) return undefined;
  return {
    settings,
    expectation,
    host: host ?? undefined,
    user: user ?? undefined,
    newest,
    lostAt: lostAt ?? undefined,
    since,
  };
}

function decodeSince(value: unknown): readonly [url: string, since: number] | undefined {
  if (!Array.isArray(value)) return undefined;
  const [url, since]: readonly unknown[] = value;
  return typeof url === "string" && typeof since === "number" ? [url, since] : undefined;
}

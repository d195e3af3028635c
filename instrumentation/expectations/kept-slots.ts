import { hash } from "node:crypto";

import { parseJson } from "../core/json.ts";
import type { Expectation, ExpectationSettings } from "../settings/expectations/expectations.ts";
import { slotKey } from "./hit.ts";
import type { Slot, Slots } from "./slots.ts";

/** The part of a glob's slot that outlives a restart of the agent. */
export interface KeptSlot {
  /** Text of the settings that made the slot: a slot ends when they change. */
  readonly settings: string;
  readonly expectation: string;
  readonly host: string | undefined;
  readonly user: string | undefined;
  /** Unix seconds. */
  readonly newest: number;
  /** Milliseconds since the epoch; undefined: it had snapshots. */
  readonly lostAt: number | undefined;
}

export function settingsId({ text }: Expectation, settings: ExpectationSettings): string {
  return hash("sha256", JSON.stringify([text, settings.text])).slice(0, 16);
}

export function keptSlots(settings: string, slots: Slots): readonly KeptSlot[] {
  return [...slots.values()]
    .filter(({ isNamed, verdict }) => !isNamed && verdict.candidate > 0)
    .map(({ labels, verdict, lostAt }) => {
      const { expectation = "", host, user } = labels;
      return { settings, expectation, host, user, newest: verdict.candidate, lostAt };
    });
}

/** The slots as they were before the restart: nothing is said of them until a repository is read. */
export function restoredSlots(settings: string, kept: readonly KeptSlot[]): Slots {
  return new Map(
    kept
      .filter((one) => one.settings === settings)
      .map(({ expectation, host, user, newest, lostAt }): readonly [string, Slot] => [
        slotKey(expectation, host, user),
        {
          labels: Object.freeze({
            expectation,
            ...(host !== undefined && { host }),
            ...(user !== undefined && { user }),
          }),
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
          retained: [],
        },
      ]),
  );
}

export function encodeKeptSlots(slots: readonly KeptSlot[]): string {
  const rows = slots.map(({ settings, expectation, host, user, newest, lostAt }) => [
    settings,
    expectation,
    host ?? null,
    user ?? null,
    newest,
    lostAt ?? null,
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
  const [settings, expectation, host, user, newest, lostAt]: readonly unknown[] = row;
  if (typeof settings !== "string" || typeof expectation !== "string") return undefined;
  if (host !== null && typeof host !== "string") return undefined;
  if (user !== null && typeof user !== "string") return undefined;
  if (typeof newest !== "number" || (lostAt !== null && typeof lostAt !== "number"))
    return undefined;
  return {
    settings,
    expectation,
    host: host ?? undefined,
    user: user ?? undefined,
    newest,
    lostAt: lostAt ?? undefined,
  };
}

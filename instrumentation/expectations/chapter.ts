import type { Expectation } from "../settings/expectations/expectations.ts";
import type { NameList } from "../settings/expectations/glob.ts";
import type { Evaluated, Slot, Slots } from "./slots.ts";

/** An expectation with its slots. */
export interface Chapter {
  readonly expectation: Expectation;
  /** Its enabled repositories that this agent collects. */
  readonly urls: readonly string[];
  evaluated: Evaluated;
  /** When they change next if nothing is read, milliseconds since the epoch. */
  until: number;
  /** Keys of the slots that must be evaluated; undefined: all. */
  due: ReadonlySet<string> | undefined;
}

/**
 * An expectation after a reload, before it is evaluated.
 * @param before the expectation of the same name before the reload
 * @param isSameRest `retired` and `rename` did not change
 */
export function chapterOf(
  expectation: Expectation,
  urls: readonly string[],
  before: Chapter | undefined,
  isSameRest: boolean,
): Chapter {
  const slots = before ? slotsAfter(expectation, urls, before, isSameRest) : new Map();
  return { expectation, urls, evaluated: { slots, parts: [] }, until: Infinity, due: undefined };
}

function slotsAfter(
  expectation: Expectation,
  urls: readonly string[],
  before: Chapter,
  isSameRest: boolean,
): Slots {
  const { slots } = before.evaluated;
  const areAllThere = before.urls.every((url) => urls.includes(url));
  if (isSameRest && areAllThere && before.expectation.text === expectation.text) return slots;
  const isOther =
    !isSameRest ||
    !before.urls.some((url) => urls.includes(url)) ||
    conditionsOf(before.expectation) !== conditionsOf(expectation);
  const areOtherHosts = textOf(before.expectation.hosts) !== textOf(expectation.hosts);
  return new Map(
    [...slots].map(([key, slot]) => {
      const isOfAllHosts = slot.labels["host"] === undefined;
      return [key, slotAfter(slot, isOther || (isOfAllHosts && areOtherHosts))];
    }),
  );
}

/** A slot of a glob that has no snapshots now ends. What was said of other snapshots is no answer. */
function slotAfter(slot: Slot, isOther: boolean): Slot {
  const own = { ...slot, hadSnapshots: false, lostAt: undefined };
  if (!isOther) return own;
  return { ...own, verdict: { ...slot.verdict, newest: undefined, isSettled: false } };
}

/** The settings that decide which snapshot of a host is the newest one. */
function conditionsOf({ users, tags, paths, minFiles, minBytes, copies }: Expectation): string {
  return JSON.stringify([users && textOf(users), tags, paths, minFiles, minBytes, copies]);
}

function textOf({ literals, globs }: NameList): string {
  return JSON.stringify([[...literals], globs.map(({ source }) => source)]);
}

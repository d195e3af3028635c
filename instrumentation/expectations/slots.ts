import type { Labels } from "../core/source.ts";
import type { Expectation } from "../settings/expectations/expectations.ts";
import { draftsOf } from "./drafts.ts";
import type { Draft } from "./drafts.ts";
import { NOTHING } from "./finding.ts";
import type { Hit } from "./hit.ts";
import { judge } from "./judge.ts";
import type { Knowledge, Sight, Verdict } from "./judge.ts";

/** A glob keeps a slot this long after its last snapshot was gone. */
const KEPT_MS = 90 * 86_400_000;

/** One host and user of an expectation. Never changes. */
export interface Slot {
  /** `expectation`, `host`, `user`; without `user` if it is over all users, and without `host` if the expectation finds nothing. */
  readonly labels: Labels;
  /** The settings name it: it exists whether it has snapshots or not. */
  readonly isNamed: boolean;
  readonly verdict: Verdict;
  /** When its last snapshot was found to be gone, milliseconds since the epoch: the slot of a glob keeps its last timestamp. */
  readonly lostAt: number | undefined;
}

/** By key. */
export type Slots = ReadonlyMap<string, Slot>;

/** An enabled repository of an expectation that this agent collects. */
export interface Part {
  readonly knowledge: Knowledge;
  readonly hits: readonly Hit[];
}

/**
 * The slots of an expectation. A slot that did not change stays the same object.
 * @param before the slots of the last call
 * @param isReload the settings changed since the last call: slots of globs that have no snapshot now end
 * @param now milliseconds since the epoch
 */
export function slotsOf(
  expectation: Expectation,
  parts: readonly Part[],
  before: Slots,
  isReload: boolean,
  now: number,
): Slots {
  if (parts.length === 0) return new Map();
  const lost = isReload ? new Map<string, Slot>() : lostSlots(before, now);
  const drafts = draftsOf(
    expectation,
    parts.map(({ hits }) => hits),
    lost,
  );
  return new Map(
    [...drafts].map(([key, draft]) => {
      const known = before.get(key);
      const slot = slotOf(expectation, draft, parts, known, lost.get(key), now);
      return [key, known && isSame(known, slot) ? known : slot];
    }),
  );
}

/** The slots of globs that are kept if they have no snapshot any more. */
function lostSlots(before: Slots, now: number): ReadonlyMap<string, Slot> {
  return new Map(
    [...before].flatMap(([key, slot]) => {
      const { isNamed, verdict, lostAt = now } = slot;
      const isKept = !isNamed && verdict.candidate > 0 && now - lostAt < KEPT_MS;
      return isKept ? [[key, { ...slot, lostAt }] as const] : [];
    }),
  );
}

function slotOf(
  expectation: Expectation,
  { labels, isNamed, findings }: Draft,
  parts: readonly Part[],
  known: Slot | undefined,
  lost: Slot | undefined,
  now: number,
): Slot {
  const isLost =
    lost !== undefined && [...findings.values()].every(({ matching }) => matching === 0);
  const last = isLost ? { newest: lost.verdict.candidate } : undefined;
  const sights = parts.map(({ knowledge }, index): Sight => ({
    ...knowledge,
    finding: Object.assign({}, findings.get(index) ?? NOTHING, last),
  }));
  const verdict = judge(expectation, sights, known?.verdict, now);
  const lostAt = isLost ? lost.lostAt : undefined;
  const until = Math.min(verdict.until, lostAt === undefined ? Infinity : lostAt + KEPT_MS);
  return { labels: known?.labels ?? labels, isNamed, verdict: { ...verdict, until }, lostAt };
}

function isSame(a: Slot, b: Slot): boolean {
  const [one, other] = [a.verdict, b.verdict];
  return (
    a.isNamed === b.isNamed &&
    a.lostAt === b.lostAt &&
    one.newest === other.newest &&
    one.candidate === other.candidate &&
    one.maxAgeSeconds === other.maxAgeSeconds &&
    one.until === other.until &&
    one.isSettled === other.isSettled &&
    one.isAttempted === other.isAttempted &&
    one.reasons.length === other.reasons.length &&
    one.reasons.every((reason, index) => reason === other.reasons[index])
  );
}

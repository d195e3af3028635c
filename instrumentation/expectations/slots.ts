import type { Labels } from "../core/source.ts";
import type { Expectation } from "../settings/expectations/expectations.ts";
import { draftsOf } from "./drafts.ts";
import type { Draft, Input } from "./drafts.ts";
import { joined, NOTHING } from "./finding.ts";
import type { Finding } from "./finding.ts";
import type { Hit } from "./hit.ts";
import { judge } from "./judge.ts";
import type { Knowledge, Verdict } from "./judge.ts";
import { retainedOf } from "./retention/retained.ts";
import type { Retained } from "./retention/retained.ts";

/** A glob keeps a slot this long after its last snapshot was gone. */
const KEPT_MS = 90 * 86_400_000;

/** One host and user of an expectation. Never changes. */
export interface Slot {
  /** `expectation`, `host`, `user`; without `user` if it is over all users, and without `host` if the expectation finds nothing. */
  readonly labels: Labels;
  /** The settings name it: it exists whether it has snapshots or not. */
  readonly isNamed: boolean;
  readonly verdict: Verdict;
  /** The slot has snapshots, counting or not, or is kept since it had some under the same settings. */
  readonly hadSnapshots: boolean;
  /** When its last snapshot was found to be gone, milliseconds since the epoch: the slot of a glob keeps its last timestamp. */
  readonly lostAt: number | undefined;
  /** The findings behind the verdict. */
  readonly inputs: readonly Input[];
  /** One for each repository that has snapshots; empty: the expectation has no policy. */
  readonly retained: readonly Retained[];
}

/** By key. */
export type Slots = ReadonlyMap<string, Slot>;

/** An enabled repository of an expectation that this agent collects. */
export interface Part {
  readonly url: string;
  readonly knowledge: Knowledge;
  readonly hits: readonly Hit[];
}

/** The input and the result of the last evaluation. */
export interface Evaluated {
  readonly slots: Slots;
  /** Empty: not evaluated since the settings changed. */
  readonly parts: readonly Part[];
}

/**
 * The slots of an expectation. A slot that did not change stays the same object.
 * @param now milliseconds since the epoch
 */
export function slotsOf(
  expectation: Expectation,
  parts: readonly Part[],
  before: Evaluated,
  now: number,
): Slots {
  if (parts.length === 0) return new Map();
  const hits = parts.map((part) => part.hits);
  const drafts = draftsOf(expectation, hits, keptSlots(before.slots, now));
  const isSameKnowledge = parts.every(
    ({ knowledge }, index) => knowledge === before.parts[index]?.knowledge,
  );
  const slots = new Map<string, Slot>();
  for (const [key, draft] of drafts) {
    const known = before.slots.get(key);
    const isUnchanged =
      known !== undefined &&
      isSameKnowledge &&
      known.lostAt === undefined &&
      known.verdict.until > now &&
      known.isNamed === draft.isNamed &&
      sameInputs(known.inputs, draft.inputs);
    slots.set(key, isUnchanged ? known : slotOf(expectation, draft, parts, known, now));
  }
  return slots;
}

/**
 * As `slotsOf` if only the slots of some keys changed, and none comes or goes.
 * @returns undefined if that is not so
 */
export function someSlots(
  expectation: Expectation,
  parts: readonly Part[],
  before: Evaluated,
  keys: ReadonlySet<string>,
  now: number,
): Slots | undefined {
  const inputs = new Map<string, Input[]>();
  for (const [index, { hits }] of parts.entries())
    for (const { key, userBy, finding } of hits) {
      if (userBy === undefined || !keys.has(key)) continue;
      // A set that only may match can belong to another slot.
      if (finding.matching === 0) return undefined;
      inputs.set(key, [...(inputs.get(key) ?? []), [index, finding]]);
    }
  const slots = new Map(before.slots);
  for (const key of keys) {
    const known = slots.get(key);
    const ofSlot = inputs.get(key);
    const wasThere = known?.lostAt === undefined && isThere(known?.inputs ?? []);
    if (!known || !ofSlot || !wasThere) return undefined;
    const { labels, isNamed } = known;
    const draft = { host: labels["host"], user: labels["user"], isNamed, inputs: ofSlot };
    slots.set(key, slotOf(expectation, draft, parts, known, now));
  }
  return slots;
}

function isThere(inputs: readonly Input[]): boolean {
  return inputs.some(([, { matching }]) => matching > 0);
}

function* keptSlots(
  slots: Slots,
  now: number,
): Generator<readonly [key: string, host: string | undefined, user: string | undefined]> {
  for (const [key, slot] of slots)
    if (isKept(slot, now)) yield [key, slot.labels["host"], slot.labels["user"]];
}

/** Whether a slot stays when its last snapshot is gone. */
function isKept({ isNamed, hadSnapshots, lostAt = Infinity }: Slot, now: number): boolean {
  return !isNamed && hadSnapshots && now < lostAt + KEPT_MS;
}

function slotOf(
  expectation: Expectation,
  { host, user, isNamed, inputs }: Draft,
  parts: readonly Part[],
  known: Slot | undefined,
  now: number,
): Slot {
  const lost = !isThere(inputs) && known && isKept(known, now) ? known : undefined;
  const labels = known?.labels ?? labelsOf(expectation.name, host, user);
  const sights = parts.map(({ url, knowledge }, index) => {
    const found = findingIn(index, inputs);
    const finding = lost ? { ...found, newest: lost.verdict.candidate } : found;
    const before = known?.retained.find((one) => one.labels["url"] === url);
    const retained = retainedOf(expectation, finding, { url, ...labels }, before, now);
    return { knowledge, finding, retained };
  });
  const judged = judge(expectation, sights, known?.verdict, now);
  // A clock that was ahead leaves no time in the future.
  const lostAt = lost && Math.min(lost.lostAt ?? now, now);
  const retained = sights.flatMap((sight) => sight.retained ?? []);
  const until = Math.min(
    judged.until,
    lostAt === undefined ? Infinity : lostAt + KEPT_MS,
    ...retained.map((one) => one.until),
  );
  // A lost slot is kept even while no repository is known.
  const { candidate } = lost?.verdict ?? judged;
  const verdict = { ...judged, candidate, until };
  const hadSnapshots = isThere(inputs) || lost !== undefined;
  const slot = { labels, isNamed, verdict, hadSnapshots, lostAt, inputs, retained };
  return known && isSame(known, slot) ? known : slot;
}

function findingIn(repository: number, inputs: readonly Input[]): Finding {
  let sum: Finding | undefined;
  for (const [index, finding] of inputs)
    if (index === repository) sum = sum ? joined(sum, finding) : finding;
  return sum ?? NOTHING;
}

export function labelsOf(expectation: string, host?: string, user?: string): Labels {
  return Object.freeze({
    expectation,
    ...(host !== undefined && { host }),
    ...(user !== undefined && { user }),
  });
}

function sameInputs(a: readonly Input[], b: readonly Input[]): boolean {
  return (
    a.length === b.length &&
    a.every(([index, finding], at) => index === b[at]?.[0] && finding === b[at][1])
  );
}

function isSame(a: Slot, b: Slot): boolean {
  const [one, other] = [a.verdict, b.verdict];
  return (
    a.isNamed === b.isNamed &&
    a.hadSnapshots === b.hadSnapshots &&
    a.lostAt === b.lostAt &&
    sameInputs(a.inputs, b.inputs) &&
    one.newest === other.newest &&
    one.candidate === other.candidate &&
    one.maxAgeSeconds === other.maxAgeSeconds &&
    one.until === other.until &&
    one.isSettled === other.isSettled &&
    one.isAttempted === other.isAttempted &&
    one.reasons.length === other.reasons.length &&
    one.reasons.every((reason, index) => reason === other.reasons[index]) &&
    a.retained.length === b.retained.length &&
    a.retained.every((retained, index) => retained === b.retained[index])
  );
}

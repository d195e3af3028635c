import { listText } from "../repository/groups.ts";
import { userOf } from "../repository/snapshot.ts";
import type { Snapshot } from "../repository/snapshot.ts";
import { CHANGE_NAMES } from "../repository/snapshots/change-history.ts";
import type {
  Absence,
  ChangeEvent,
  ChangeHistory,
  ChangeName,
  ChangeTotals,
  ListingChange,
  VanishedSet,
} from "../repository/snapshots/change-history.ts";
import { bounded, joined, lastOf, NOTHING, returnedIds, without } from "./absences.ts";
import { keyChanges } from "./known-keys.ts";
import { newestRemovals } from "./newest-removals.ts";
import { notAfter } from "./not-after.ts";
import { fatesOf } from "./replacement.ts";
import type { Fate, Missing } from "./replacement.ts";
import { vanishedSets } from "./vanished-sets.ts";

/** Events that a history keeps. */
const MAX_EVENTS = 50;
/** Events of one collection that are logged. */
const MAX_LOGGED = 1000;

/** What one complete listing changed. */
export interface Outcome {
  /** The history before, if nothing changed. */
  readonly history: ChangeHistory;
  /** The first 1,000, the gravest first. */
  readonly events: readonly ChangeEvent[];
  /** How many there are of each name. */
  readonly counts: ReadonlyMap<ChangeName, number>;
  /** Snapshots are missing, and the setting is `appendOnly`. */
  readonly isViolated: boolean;
}

const NAMES: Readonly<Record<Fate, ChangeName>> = {
  removed: "snapshot_removed",
  emptied: "snapshot_emptied",
  retagged: "snapshot_retagged",
  rewritten: "snapshot_rewritten",
};

/** @param appendOnly snapshots are neither removed nor replaced, says the entry of the repository */
export function nextHistory(
  previous: ChangeHistory | undefined,
  change: ListingChange,
  appendOnly: boolean,
): Outcome {
  const { at, isFirst, listed } = change;
  const before = previous
    ? notAfter(previous, at, listed.values())
    : firstHistory(change.repositoryId, appendOnly);
  const added = isFirst ? [] : change.added;
  const missing = fatesOf(isFirst ? [] : change.removed, listed.values());
  const newest = newestRemovals(missing, listed.values());
  const back = returnedIds(
    added.map(({ id }) => id),
    before.absences,
  );
  const count = listed.size - added.length + missing.length;
  const absence = absenceOf(missing, newest, { at, known: count, isViolation: appendOnly });
  const rest = without(before.absences, back);
  const kept = bounded(absence ? [absence, ...rest] : rest, before.earlier);
  const vanished = vanishedSets(before.vanished, missing, change);
  const keys = keyChanges(before.keys, change.keys, at);

  const known = new Set(before.vanished);
  const returned = added.filter(({ id }) => back.has(id));
  const single: readonly (readonly [ChangeName, () => ChangeEvent])[] = [
    ...missing.map((one) => {
      const name = newest.has(one.snapshot) ? "newest_snapshot_removed" : NAMES[one.fate];
      return [name, () => missingEvent(at, name, one)] as const;
    }),
    ...vanished
      .filter((one) => !known.has(one))
      .map((one) => ["backup_set_vanished", () => vanishedEvent(one)] as const),
    ...keys.events.map((event) => [event.event, () => event] as const),
    ...(returned.length > 0
      ? [["snapshots_returned", () => returnedEvent(at, returned)] as const]
      : []),
  ];
  const ordered = CHANGE_NAMES.flatMap((name) => single.filter(([own]) => own === name));
  const events = ordered.slice(0, MAX_LOGGED).map(([, make]) => make());
  const counts = new Map<ChangeName, number>();
  for (const [name] of single) counts.set(name, (counts.get(name) ?? 0) + 1);

  const isSame =
    before === previous &&
    added.length === 0 &&
    events.length === 0 &&
    vanished === before.vanished &&
    keys.keys === before.keys &&
    appendOnly === before.appendOnly;
  const history: ChangeHistory = {
    repositoryId: change.repositoryId,
    totals: totalsOf(before.totals, added.length - returned.length, missing),
    last: lastOf(kept.absences, kept.earlier),
    ...kept,
    keys: keys.keys,
    vanished,
    events: [...events.slice(0, MAX_EVENTS), ...before.events].slice(0, MAX_EVENTS),
    appendOnly,
  };
  return {
    history: isSame ? previous : history,
    events,
    counts,
    isViolated: absence?.isViolation === true,
  };
}

function firstHistory(repositoryId: string, appendOnly: boolean): ChangeHistory {
  return {
    repositoryId,
    totals: { added: 0, removed: 0, retagged: 0, rewritten: 0 },
    last: NOTHING,
    absences: [],
    earlier: NOTHING,
    keys: undefined,
    vanished: [],
    events: [],
    appendOnly,
  };
}

function absenceOf(
  missing: readonly Missing[],
  newest: ReadonlySet<Snapshot>,
  rest: Pick<Absence, "at" | "known" | "isViolation">,
): Absence | undefined {
  if (missing.length === 0) return undefined;
  const of = (...fates: readonly Fate[]): string =>
    joined(missing.flatMap(({ snapshot, fate }) => (fates.includes(fate) ? snapshot.id : [])));
  return {
    ...rest,
    removed: of("removed", "emptied"),
    newest: joined([...newest].map(({ id }) => id)),
    retagged: of("retagged"),
    rewritten: of("rewritten"),
  };
}

function totalsOf(before: ChangeTotals, added: number, missing: readonly Missing[]): ChangeTotals {
  const count = (...fates: readonly Fate[]): number =>
    missing.filter(({ fate }) => fates.includes(fate)).length;
  return {
    added: before.added + added,
    removed: before.removed + count("removed", "emptied"),
    retagged: before.retagged + count("retagged"),
    rewritten: before.rewritten + count("rewritten"),
  };
}

function missingEvent(
  at: number,
  event: ChangeName,
  { snapshot, successor }: Missing,
): ChangeEvent {
  const { id, hostname, time, details } = snapshot;
  return {
    at,
    event,
    id,
    host: hostname,
    user: userOf(snapshot),
    time: time.seconds,
    paths: details?.paths && listText(details.paths),
    original: details?.original,
    successor: successor?.id,
  };
}

function vanishedEvent({ at, host, user, newest }: VanishedSet): ChangeEvent {
  return { at, event: "backup_set_vanished", host, user, time: newest };
}

function returnedEvent(at: number, returned: readonly Snapshot[]): ChangeEvent {
  const [first] = returned;
  return { at, event: "snapshots_returned", id: first?.id, snapshots: returned.length };
}

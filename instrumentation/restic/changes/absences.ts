import type { Absence, LastChanges } from "../repository/snapshots/change-history.ts";

/** Hex digits of a name that are kept. */
const DIGITS = 16;

/** Bounds of what is kept of one repository. */
const MAX_ABSENCES = 100;
const MAX_NAMES = 100_000;

export const NOTHING: LastChanges = {
  removal: undefined,
  newestRemovalAt: undefined,
  rewriteAt: undefined,
  violatedAt: undefined,
};

/** The beginnings of names, without a separator. */
export function joined(ids: readonly string[]): string {
  return ids.map((id) => id.slice(0, DIGITS)).join("");
}

function countOf(names: string): number {
  return names.length / DIGITS;
}

/** The ids whose names are in an absence. */
export function returnedIds(
  ids: readonly string[],
  absences: readonly Absence[],
): ReadonlySet<string> {
  if (ids.length === 0 || absences.length === 0) return new Set();
  const gone = new Set(absences.flatMap((one) => listsOf(one).flatMap(namesIn)));
  return new Set(ids.filter((id) => gone.has(id.slice(0, DIGITS))));
}

/** The absences without snapshots that are listed again. */
export function without(
  absences: readonly Absence[],
  ids: ReadonlySet<string>,
): readonly Absence[] {
  if (ids.size === 0) return absences;
  const back = new Set([...ids].map((id) => id.slice(0, DIGITS)));
  const rest = (names: string): string =>
    namesIn(names)
      .filter((name) => !back.has(name))
      .join("");
  return absences
    .map((one) => ({
      ...one,
      removed: rest(one.removed),
      newest: rest(one.newest),
      retagged: rest(one.retagged),
      rewritten: rest(one.rewritten),
    }))
    .filter((one) => listsOf(one).some((names) => names !== ""));
}

/**
 * Forgets the names of the oldest absences beyond the bounds.
 * @param absences newest first
 */
export function bounded(
  absences: readonly Absence[],
  earlier: LastChanges,
): { readonly absences: readonly Absence[]; readonly earlier: LastChanges } {
  let names = 0;
  const end = absences.findIndex((one, index) => {
    names += listsOf(one).reduce((sum, list) => sum + countOf(list), 0);
    return index >= MAX_ABSENCES || names > MAX_NAMES;
  });
  if (end === -1) return { absences, earlier };
  return { absences: absences.slice(0, end), earlier: lastOf(absences.slice(end), earlier) };
}

/** @param earlier before the oldest of the absences */
export function lastOf(absences: readonly Absence[], earlier: LastChanges): LastChanges {
  return absences.reduceRight((last: LastChanges, absence) => {
    const { at, known, removed, newest, rewritten, isViolation } = absence;
    const snapshots = countOf(removed);
    return {
      removal: snapshots > 0 ? { at, snapshots, ratio: snapshots / known } : last.removal,
      newestRemovalAt: newest === "" ? last.newestRemovalAt : at,
      rewriteAt: rewritten === "" ? last.rewriteAt : at,
      violatedAt: isViolation ? at : last.violatedAt,
    };
  }, earlier);
}

/** Those of the newest are among the removed. */
function listsOf({ removed, retagged, rewritten }: Absence): readonly string[] {
  return [removed, retagged, rewritten];
}

function namesIn(names: string): readonly string[] {
  return Array.from({ length: countOf(names) }, (_, index) =>
    names.slice(index * DIGITS, (index + 1) * DIGITS),
  );
}

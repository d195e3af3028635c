import type { Snapshot } from "../repository/snapshot.ts";

/** Why a snapshot is no longer listed. `emptied`: its successor has fewer than half of its files or bytes. */
export type Fate = "removed" | "emptied" | "retagged" | "rewritten";

export interface Missing {
  readonly snapshot: Snapshot;
  readonly fate: Fate;
  /** undefined: none is listed. */
  readonly successor: Snapshot | undefined;
}

/** More snapshots that were made from the same one are not compared. */
const MAX_CANDIDATES = 100;

/**
 * The fate of each snapshot that is no longer listed. `tag` keeps the first `original`, and `rewrite` names its predecessor; of
 * two rewrites between two listings the time and the host still agree.
 */
export function fatesOf(
  removed: readonly Snapshot[],
  listed: Iterable<Snapshot>,
): readonly Missing[] {
  if (removed.length === 0) return [];
  const byOriginal = new Map<string, Snapshot[]>();
  const byTime = new Map<string, Snapshot[]>();
  for (const snapshot of listed) {
    const original = snapshot.details?.original;
    if (original === undefined) continue;
    note(byOriginal, original, snapshot);
    note(byTime, timeAndHost(snapshot), snapshot);
  }
  return removed.map((snapshot) => {
    const { id, details } = snapshot;
    const candidates = [
      ...(byOriginal.get(id) ?? []),
      ...(byOriginal.get(details?.original ?? "") ?? []),
      ...(byTime.get(timeAndHost(snapshot)) ?? []),
    ];
    return { snapshot, ...fateOf(snapshot, candidates) };
  });
}

function fateOf(
  { details, summary }: Snapshot,
  candidates: readonly Snapshot[],
): Pick<Missing, "fate" | "successor"> {
  const tree = details?.tree;
  const same = candidates.find((one) => tree !== undefined && one.details?.tree === tree);
  if (same) return { fate: "retagged", successor: same };
  const whole = candidates.find((one) => !isEmptied(summary, one.summary));
  if (whole) return { fate: "rewritten", successor: whole };
  const [successor] = candidates;
  return { fate: successor ? "emptied" : "removed", successor };
}

/** Before restic 0.17 a snapshot has no numbers: then one without files is emptied. */
function isEmptied(before: Snapshot["summary"], after: Snapshot["summary"]): boolean {
  if (!after) return false;
  const isLess = (own: number | undefined, old: number | undefined): boolean =>
    own !== undefined && own < (old ?? 0) / 2;
  return (
    isLess(after.files, before?.files) ||
    isLess(after.processedBytes, before?.processedBytes) ||
    (before?.files === undefined && after.files === 0)
  );
}

function note(map: Map<string, Snapshot[]>, key: string, snapshot: Snapshot): void {
  const known = map.get(key);
  if (!known) map.set(key, [snapshot]);
  else if (known.length < MAX_CANDIDATES) known.push(snapshot);
}

function timeAndHost({ time, hostname }: Snapshot): string {
  return JSON.stringify([time.seconds, time.nanoseconds, hostname]);
}

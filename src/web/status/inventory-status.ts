import type { ErrorCode, InventoryEntry } from "restic-otel-instrumentation/internal";

import { timeOrNull } from "./time.ts";

type Inventory = NonNullable<InventoryEntry["inventory"]>;

/** The last inventory of a repository. */
export interface InventoryStatus {
  /** null: none succeeded yet. */
  readonly at: string | null;
  /** Why the last one failed; the rest is from an earlier one. null: it did not. */
  readonly problem: { readonly type: ErrorCode; readonly message: string } | null;
  readonly durationSeconds: number | null;
  /** The numbers that are known, as in the metrics. */
  readonly counts: Inventory["counts"];
  /** Ids of packs, up to 100 of each kind. */
  readonly missing: readonly string[];
  readonly damaged: readonly string[];
  readonly orphans: readonly string[];
  readonly lost: readonly string[];
  /** Up to 100. */
  readonly unreadableIndexFiles: readonly { readonly id: string; readonly reason: string }[];
  /** Ids of all snapshots that cannot be restored. */
  readonly unrestorable: readonly string[];
}

/** null: no inventories are taken of this repository. */
export function inventoryStatus(entry: InventoryEntry | undefined): InventoryStatus | null {
  if (!entry) return null;
  const { inventory, error } = entry;
  return {
    at: timeOrNull(inventory?.at),
    problem: error ? { type: error.code, message: error.message } : null,
    durationSeconds: inventory?.durationSeconds ?? null,
    counts: inventory?.counts ?? {},
    missing: inventory?.missing ?? [],
    damaged: inventory?.damaged ?? [],
    orphans: inventory?.orphans ?? [],
    lost: inventory?.lost ?? [],
    unreadableIndexFiles: (inventory?.unreadable ?? []).map(([id, reason]) => ({ id, reason })),
    unrestorable: inventory?.unrestorable ?? [],
  };
}

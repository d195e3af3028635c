import { boundTable, never } from "../metrics/bound-table.ts";
import type { BoundTable } from "../metrics/bound-table.ts";
import type { Store } from "../collect/store.ts";
import type { RepositoryState } from "../restic/state.ts";
import {
  NGOSANG_BACKUP_METRICS,
  NGOSANG_METRICS,
  ngosangBackups,
} from "../restic/metrics/ngosang.ts";
import type { InventoryEntry } from "./inventory-plan.ts";

/** The metrics of ngosang/restic-exporter 2, from what is known. */
export function ngosangTables(
  store: Store<RepositoryState>,
  inventories: () => readonly InventoryEntry[],
): readonly BoundTable[] {
  return [
    boundTable(NGOSANG_METRICS, () => {
      const taken = new Map(inventories().map((one) => [one.subject["url"], one.inventory]));
      return [...store.entries()].map((entry) => ({
        entry,
        inventory: taken.get(entry.subject["url"]),
      }));
    }),
    boundTable(NGOSANG_BACKUP_METRICS, () => [...store.entries()].flatMap(ngosangBackups), never),
  ];
}

import type { AgentError } from "../core/error.ts";
import type { Labels } from "../core/source.ts";
import type { Inventory } from "../restic/inventory/inventory.ts";
import type { InventoryKeeper } from "../restic/inventory/keeper.ts";
import type { InventorySettings } from "../settings/inventory.ts";

/** The last inventory of one repository. */
export interface InventoryEntry {
  readonly subject: Labels;
  /** undefined: none succeeded yet. */
  readonly inventory: Inventory | undefined;
  /** Why the last one failed; undefined: it did not. */
  readonly error: AgentError | undefined;
}

/** An entry, and what the schedule needs. */
export interface Plan {
  readonly settings: InventorySettings;
  readonly keeper: Promise<InventoryKeeper>;
  readonly entry: InventoryEntry;
  /** Id of the repository that was looked at; undefined: none was yet. */
  readonly repositoryId: string | undefined;
  /** When the next one is due, milliseconds since the epoch. */
  readonly dueAt: number;
}

/** How an attempt at an inventory ended. */
export interface Outcome {
  readonly inventory?: Inventory | undefined;
  readonly error: AgentError | undefined;
  readonly dueAt: number;
  readonly repositoryId?: string | undefined;
}

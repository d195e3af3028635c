import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import type { Labels } from "../core/source.ts";
import type { Inventory } from "../restic/inventory/inventory.ts";
import { logInventory } from "../restic/inventory/inventory-log.ts";
import type { InventoryKeeper } from "../restic/inventory/keeper.ts";
import { takeInventory } from "../restic/inventory/take-inventory.ts";
import type { OpenView } from "../restic/inventory/take-inventory.ts";
import type { Snapshot } from "../restic/state.ts";
import type { InventorySettings } from "../settings/inventory.ts";

export interface RunOptions {
  readonly keeper: InventoryKeeper;
  readonly settings: InventorySettings;
  /** Id of the repository that an inventory of this process has looked at; undefined: none has. */
  readonly repositoryId: string | undefined;
  /** The snapshots of the last collection. */
  readonly snapshots: () => readonly Snapshot[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly subject: Labels;
}

/** An inventory of the repository with this id. */
export interface Taken {
  readonly repositoryId: string;
  readonly inventory: Inventory;
}

/**
 * Takes an inventory. The first time in a process it takes over the one from before a restart instead: what is known is shown before the
 * long work begins.
 * @throws AgentError
 */
export async function runInventory(
  view: OpenView,
  { keeper, settings, repositoryId: looked, snapshots, clock, logger, subject }: RunOptions,
  signal: AbortSignal,
): Promise<Taken> {
  const { id: repositoryId } = view.config;
  const kept = await keeper.open(repositoryId, view.master);
  const known = kept.state?.inventory;
  if (looked !== repositoryId && known) return { repositoryId, inventory: known };
  const before = { kept: kept.index, previous: kept.state, snapshots: snapshots() };
  const state = await takeInventory(view, before, settings, clock, signal);
  await kept.keep(state);
  logInventory(state.inventory, known, logger, subject);
  return { repositoryId, inventory: state.inventory };
}

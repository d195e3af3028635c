import type { Key } from "../crypto/key.ts";
import type { InventoryState } from "./inventory.ts";
import { IndexInMemory } from "./kept-index.ts";
import type { KeptIndex, MemoryBudget } from "./kept-index.ts";

/** What is known of one repository from earlier inventories. */
export interface KeptInventory {
  readonly index: KeptIndex;
  /** undefined: there was none. */
  readonly state: InventoryState | undefined;
  /** Keeps the state after an inventory. Never rejects. */
  keep(state: InventoryState): Promise<void>;
}

/** Keeps the inventories of one repository. */
export interface InventoryKeeper {
  /** Never rejects: at worst nothing is known. */
  open(repositoryId: string, master: Key): Promise<KeptInventory>;
  /** Gives memory back. Files stay. */
  forget(): Promise<void>;
}

/** Keeps inventories until the end of the process. */
export class InventoryInMemory implements InventoryKeeper {
  readonly #budget: MemoryBudget;
  #repositoryId: string | undefined;
  #index: IndexInMemory;
  #state: InventoryState | undefined;

  /** @param budget shared by all repositories */
  constructor(budget: MemoryBudget) {
    this.#budget = budget;
    this.#index = new IndexInMemory(budget);
  }

  async open(repositoryId: string): Promise<KeptInventory> {
    if (repositoryId !== this.#repositoryId) await this.forget();
    this.#repositoryId = repositoryId;
    return {
      index: this.#index,
      state: this.#state,
      keep: async (state) => {
        this.#state = state;
      },
    };
  }

  async forget(): Promise<void> {
    await this.#index.retain(new Set());
    this.#index = new IndexInMemory(this.#budget);
    this.#state = undefined;
  }
}

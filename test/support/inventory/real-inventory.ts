import type {
  Inventory,
  InventoryState,
} from "../../../instrumentation/restic/inventory/inventory.ts";
import {
  IndexInMemory,
  MemoryBudget,
} from "../../../instrumentation/restic/inventory/kept-index.ts";
import { takeInventory } from "../../../instrumentation/restic/inventory/take-inventory.ts";
import type { InventoryLimits } from "../../../instrumentation/restic/inventory/take-inventory.ts";
import type { ResticSource } from "../../../instrumentation/restic/source.ts";
import type { Snapshot } from "../../../instrumentation/restic/state.ts";
import { FakeClock } from "../core/clock.ts";
import { resticSource } from "../repository/read-snapshots.ts";
import { restic } from "../repository/restic-cli.ts";

const LIMITS: InventoryLimits = { maxIndexBytes: 2 ** 30, slices: 1, exactBlobs: 4_000_000 };

/** Inventories of a repository of the real restic, beside its collections. */
export class RealInventory {
  readonly clock = new FakeClock(Date.parse("2027-01-01T00:00:00Z"));
  state: InventoryState | undefined;
  readonly #source: ResticSource;
  readonly #kept = new IndexInMemory(new MemoryBudget(2 ** 26));
  #snapshots: readonly Snapshot[] = [];

  constructor(repo: string, password: string) {
    this.#source = resticSource(repo, password);
  }

  /** A collection and an inventory. */
  async look(limits: Partial<InventoryLimits> = {}): Promise<Inventory> {
    await this.collect();
    return this.take(limits);
  }

  async collect(): Promise<void> {
    const { state, error } = await this.#source.collect(undefined, new AbortController().signal);
    if (error) throw error;
    this.#snapshots = (state.content?.sets ?? []).flatMap(({ members }) => members);
  }

  /** @returns what the inventory found */
  async take(limits: Partial<InventoryLimits> = {}): Promise<Inventory> {
    const { signal } = new AbortController();
    const state = await this.#source.inspect((view) => {
      const before = { kept: this.#kept, previous: this.state, snapshots: this.#snapshots };
      return takeInventory(view, before, { ...LIMITS, ...limits }, this.clock, signal);
    }, signal);
    if (!state) throw new Error("no collection has opened the repository");
    this.state = state;
    return state.inventory;
  }
}

/** What `restic check` says of packs. */
export interface Checked {
  readonly missing: readonly string[];
  readonly damaged: readonly string[];
  readonly orphans: readonly string[];
  /** Trees that snapshots need and no index file has. */
  readonly missingTrees: readonly string[];
  /** Index files. It ends its work at the first one. */
  readonly unreadable: readonly string[];
}

/** Asks the newest restic, which reads all repositories. */
export async function check(repo: string, password: string): Promise<Checked> {
  const text = await restic(["check", "--no-lock", "-vv"], { repo, password }).catch(outputOf);
  if (!text.includes("load indexes")) throw new Error(`restic check did not begin: ${text}`);
  const ids = (pattern: RegExp): readonly string[] =>
    [...new Set([...text.matchAll(pattern)].map(([, id = ""]) => id))].toSorted();
  return {
    missing: ids(/pack ([0-9a-f]{64}): does not exist/g),
    damaged: ids(/pack ([0-9a-f]{64}): unexpected file size/g),
    orphans: ids(/pack ([0-9a-f]{64}): not referenced in any index/g),
    missingTrees: ids(/id ([0-9a-f]{64}) not found in repository/g),
    unreadable: ids(/error loading index ([0-9a-f]{64})/g),
  };
}

/** The output of a program that failed. */
function outputOf(error: unknown): string {
  const parts = ["stdout", "stderr"] as const;
  return parts
    .map((part) => {
      const text: unknown =
        typeof error === "object" && error !== null ? Reflect.get(error, part) : "";
      return typeof text === "string" ? text : "";
    })
    .join("\n");
}

/** `restic stats --mode raw-data`. */
export interface RawData {
  readonly total_size: number;
  readonly total_uncompressed_size?: number;
  readonly total_blob_count: number;
}

export async function rawData(repo: string, password: string): Promise<RawData> {
  const text = await restic(["stats", "--mode", "raw-data", "--json", "--no-lock"], {
    repo,
    password,
  });
  const parsed: RawData = JSON.parse(text);
  return parsed;
}

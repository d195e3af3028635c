import { randomBytes } from "node:crypto";
import { zstdCompressSync } from "node:zlib";

import type { Backend, FileType } from "../../../instrumentation/backends/backend.ts";
import { AgentError } from "../../../instrumentation/core/error.ts";
import type {
  Inventory,
  InventoryState,
} from "../../../instrumentation/restic/inventory/inventory.ts";
import {
  IndexInMemory,
  MemoryBudget,
} from "../../../instrumentation/restic/inventory/kept-index.ts";
import type { KeptIndex } from "../../../instrumentation/restic/inventory/kept-index.ts";
import { takeInventory } from "../../../instrumentation/restic/inventory/take-inventory.ts";
import type { InventoryLimits } from "../../../instrumentation/restic/inventory/take-inventory.ts";
import { sharing } from "../../../instrumentation/restic/repository/sharing.ts";
import { decodeSnapshot } from "../../../instrumentation/restic/repository/snapshot.ts";
import type { Snapshot } from "../../../instrumentation/restic/repository/snapshot.ts";
import { FakeClock } from "../core/clock.ts";
import { SealedRepository } from "../repository/sealed-repository.ts";

/** A blob as an index file has it. */
interface Blob {
  readonly id: string;
  readonly type: "data" | "tree";
  readonly offset: number;
  readonly length: number;
  readonly uncompressed_length?: number;
}

export interface Pack {
  readonly id: string;
  readonly blobs: readonly Blob[];
}

const HOUR = 3_600_000;

const LIMITS: InventoryLimits = { maxIndexBytes: 2 ** 30, slices: 1, exactBlobs: 1_000_000 };

/** Counts of a repository with nothing bad. */
export const FINE = {
  missingPacks: 0,
  missingBytes: 0,
  damagedPacks: 0,
  orphanPacks: 0,
  orphanBytes: 0,
  lostPacks: 0,
  unreadIndexFiles: 0,
  unreadableIndexFiles: 0,
  unrestorableSnapshots: 0,
};

export function randomId(folder = ""): string {
  return folder + randomBytes(32).toString("hex").slice(folder.length);
}

/** A repository in memory with inventories, whose packs are names and sizes alone. */
export class InventoryScene {
  readonly sealed = new SealedRepository("p");
  readonly clock = new FakeClock();
  /** Names and sizes in `data/`. */
  readonly packs = new Map<string, number>();
  readonly snapshots = new Map<string, Snapshot>();
  /** Requests of the last inventory: `LIST data`, `GET index` and so on. */
  calls: string[] = [];
  /** Called before each request. */
  onCall: (call: string) => void = () => {};
  slices = true;
  pageSize = 1000;
  kept: KeptIndex = new IndexInMemory(new MemoryBudget(2 ** 26));
  state: InventoryState | undefined;
  readonly #share = sharing();

  /** The size that restic gives a pack. */
  static sizeOf({ blobs }: Pack): number {
    return blobs.reduce(
      (sum, blob) => sum + blob.length + (blob.uncompressed_length ? 41 : 37),
      36,
    );
  }

  pack(blobs = 2, type: "data" | "tree" = "data", folder = ""): Pack {
    let offset = 0;
    const list = Array.from({ length: blobs }, (_, index) => {
      const blob = {
        id: randomId(),
        type,
        offset,
        length: 100 + index,
        uncompressed_length: 300 + index,
      };
      offset += blob.length;
      return blob;
    });
    return { id: randomId(folder), blobs: list };
  }

  /** Writes packs into `data/`. */
  store(...packs: readonly Pack[]): void {
    for (const pack of packs) this.packs.set(pack.id, InventoryScene.sizeOf(pack));
  }

  /** Writes an index file. @returns its id */
  index(packs: readonly Pack[], more: object = {}): string {
    return this.indexOf({ packs, ...more });
  }

  indexOf(content: unknown): string {
    const json = Buffer.from(JSON.stringify(content));
    return this.sealed.addSealed("index", Buffer.concat([Buffer.of(2), zstdCompressSync(json)]));
  }

  remove(type: string, id: string): void {
    this.sealed.files.delete(`${type}/${id}`);
  }

  /** A backup: packs of data, a pack of trees, an index file, a snapshot. @returns their ids */
  backup(snapshot: object = {}): {
    readonly data: Pack;
    readonly trees: Pack;
    readonly index: string;
    readonly snapshot: string;
  } {
    const [data, trees] = [this.pack(3), this.pack(2, "tree")];
    this.store(data, trees);
    const index = this.index([data, trees]);
    return { data, trees, index, snapshot: this.snapshot(trees, snapshot) };
  }

  snapshot(trees: Pack, more: object = {}): string {
    const json = { time: "2026-01-01T00:00:00Z", tree: trees.blobs[0]?.id, ...more };
    const id = this.sealed.addSnapshot(json);
    this.snapshots.set(id, this.#share(decodeSnapshot(id, Buffer.from(JSON.stringify(json)))));
    return id;
  }

  async take(
    limits: Partial<InventoryLimits> = {},
    signal = new AbortController().signal,
  ): Promise<Inventory> {
    this.calls = [];
    this.state = await takeInventory(
      {
        backend: this.backend(),
        master: this.sealed.masterKey(),
        config: { id: this.sealed.id, version: 2 },
      },
      { kept: this.kept, previous: this.state, snapshots: [...this.snapshots.values()] },
      { ...LIMITS, ...limits },
      this.clock,
      signal,
    );
    return this.state.inventory;
  }

  /** Another inventory after some hours. */
  async takeAfter(hours: number): Promise<Inventory> {
    await this.clock.advance(hours * HOUR);
    return this.take();
  }

  backend(): Backend {
    const call = (text: string): void => {
      this.calls.push(text);
      this.onCall(text);
    };
    return {
      location: "memory",
      connections: 4,
      slices: this.slices,
      list: async (type, from, signal, options) => {
        signal.throwIfAborted();
        const { prefix = "" } = options ?? {};
        call(`LIST ${type}${prefix === "" ? "" : ` ${prefix}`}`);
        const files = this.#files(type).filter(([name]) => name.startsWith(prefix));
        const at = Number(from ?? 0);
        const page = files.slice(at, at + this.pageSize);
        const isLast = at + this.pageSize >= files.length;
        return {
          names: page.map(([name]) => name),
          sizes: page.map(([, size]) => size),
          next: isLast ? undefined : String(at + this.pageSize),
          receivedBytes: 0,
        };
      },
      load: async (type, name, signal) => {
        signal.throwIfAborted();
        call(`GET ${type}`);
        const stored = this.sealed.files.get(type === "config" ? type : `${type}/${name}`);
        if (!stored) throw new AgentError("not_found", `${type}/${name} is missing`);
        return stored;
      },
    };
  }

  #files(type: FileType): readonly (readonly [name: string, size: number])[] {
    if (type === "data") return [...this.packs];
    return [...this.sealed.files]
      .filter(([path]) => path.startsWith(`${type}/`))
      .map(([path, { length }]) => [path.slice(type.length + 1), length]);
  }
}

/** A scene with two backups. */
export function sceneOfTwo(): InventoryScene {
  const made = new InventoryScene();
  made.backup({ summary: { total_bytes_processed: 1000 } });
  made.backup({ summary: { total_bytes_processed: 500 } });
  return made;
}

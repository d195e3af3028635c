import { Secret } from "../../../instrumentation/core/secret.ts";
import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { nextHistory } from "../../../instrumentation/restic/changes/next-history.ts";
import { Repository } from "../../../instrumentation/restic/repository/repository.ts";
import type { Catalogue } from "../../../instrumentation/restic/repository/repository.ts";
import type {
  Listed,
  SnapshotCache,
} from "../../../instrumentation/restic/repository/snapshot-cache.ts";
import type { Snapshot } from "../../../instrumentation/restic/repository/snapshot.ts";
import { Fields } from "../../../instrumentation/restic/state-dir/fields.ts";
import {
  decodeHistory,
  encodeHistory,
} from "../../../instrumentation/restic/state-dir/history-record.ts";
import { recordedBackend } from "../backends/recorded-backend.ts";
import type { Access } from "../../../instrumentation/restic/repository/session.ts";
import { FakeClock } from "../core/clock.ts";
import { SealedRepository } from "./sealed-repository.ts";
import { idOf } from "./snapshot-id.ts";

/** The fields of a snapshot file that decide how it changes. */
export interface Shot {
  readonly id: string;
  readonly time: string;
  readonly host: string;
  readonly path: string;
  readonly tree: string;
  readonly original?: string | undefined;
  readonly files: number;
}

interface Kept {
  readonly snapshots: Map<string, Snapshot>;
  listed: Listed | undefined;
}

/** A state folder in memory. */
class MemoryCache implements SnapshotCache {
  readonly #files = new Map<string, Kept>();
  #open: Kept = { snapshots: new Map(), listed: undefined };

  async load(repositoryId: string): ReturnType<SnapshotCache["load"]> {
    this.#open = this.#files.get(repositoryId) ?? { snapshots: new Map(), listed: undefined };
    this.#files.set(repositoryId, this.#open);
    return { snapshots: new Map(this.#open.snapshots), listed: this.#open.listed };
  }

  async append(snapshots: readonly Snapshot[]): Promise<void> {
    for (const snapshot of snapshots) this.#open.snapshots.set(snapshot.id, snapshot);
  }

  async settle(listed: Listed): Promise<void> {
    const { snapshots } = this.#open;
    for (const id of snapshots.keys()) if (!listed.snapshots.has(id)) snapshots.delete(id);
    const text = listed.history && JSON.stringify(encodeHistory(listed.history));
    const history = text === undefined ? undefined : decodeHistory(Fields.parse(text));
    this.#open.listed = { ...listed, snapshots: new Map(listed.snapshots), history };
  }
}

/** A repository that clients change, and an agent that collects it; a second listing follows at once. */
export class ChangingRepository {
  readonly sealed = new SealedRepository("p");
  readonly shots = new Map<string, Shot>();
  readonly clock = Object.assign(new FakeClock(), { sleep: async () => {} });
  /** Changes what the next collections see. */
  disturb: (backend: Backend) => Backend = (backend) => backend;
  #count = 0;
  #cache: MemoryCache | undefined;
  #repository: Repository | undefined;

  /** @param hasState the agent has a state folder */
  constructor(hasState: boolean) {
    if (hasState) this.#cache = new MemoryCache();
  }

  add(made: Partial<Omit<Shot, "id">> = {}): Shot {
    this.#count += 1;
    const { time = new Date(1_767_000_000_000 + this.#count * 1000).toISOString() } = made;
    const { host = "web", path = "/a", original, files = 10 } = made;
    const { tree = idOf(`tree ${this.#count}`) } = made;
    const summary = { total_files_processed: files, total_bytes_processed: files * 100 };
    const names = { hostname: host, username: "root", paths: [path] };
    const id = this.sealed.addSnapshot({ time, ...names, tree, original, summary });
    const shot = { id, time, host, path, tree, original, files };
    this.shots.set(id, shot);
    return shot;
  }

  remove({ id }: Shot): void {
    this.sealed.files.delete(`snapshots/${id}`);
    this.shots.delete(id);
  }

  restart(): void {
    this.#repository = undefined;
  }

  /** @param published what was published before a reload of settings */
  collect(
    signal = new AbortController().signal,
    published: Pick<Access, "publishedId"> & Partial<Access> = { publishedId: undefined },
  ): Promise<Catalogue> {
    this.#repository ??= new Repository({
      clock: this.clock,
      reverifyMs: 3_600_000,
      onDerivation: () => {},
      cache: this.#cache,
      judge: async (previous, change) => nextHistory(previous, change, false).history,
    });
    const backend = this.disturb(recordedBackend(this.sealed.files, () => {}));
    const access = { keyHint: undefined, ...published };
    return this.#repository.read({ backend, password: new Secret("p"), ...access }, signal);
  }
}

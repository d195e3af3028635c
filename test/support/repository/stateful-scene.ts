import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { StateDir } from "../../../instrumentation/restic/state-dir/state-dir.ts";
import { Secret } from "../../../instrumentation/core/secret.ts";
import { Repository } from "../../../instrumentation/restic/repository/repository.ts";
import type { Snapshot } from "../../../instrumentation/restic/repository/snapshot.ts";
import { FakeClock } from "../core/clock.ts";
import { ArrayLogger } from "../core/logger.ts";
import { recordedBackend } from "../backends/recorded-backend.ts";
import { SealedRepository } from "./sealed-repository.ts";

/** The result and the cost of one collection. */
interface Collected {
  readonly ids: readonly string[];
  /** Number of snapshot files that were read. */
  readonly gets: number;
}

interface ShortAgent {
  /** One collection: the snapshots, sorted by id. */
  readonly read: (password?: string) => Promise<readonly Snapshot[]>;
  readonly collect: (password?: string) => Promise<Collected>;
  /** A collection of all repositories has ended. */
  readonly endCollection: () => void;
  readonly stop: () => Promise<void>;
}

/** A repository, and agents with one state folder that read it one after the other. */
export class StatefulScene {
  readonly now = 1_767_225_600_000;
  readonly logger = new ArrayLogger();
  readonly folder: string;
  sealed = new SealedRepository("right");

  constructor(folder: string) {
    this.folder = folder;
  }

  static async open(): Promise<StatefulScene> {
    return new StatefulScene(join(await mkdtemp(join(tmpdir(), "restic-otel-state-")), "state"));
  }

  async remove(): Promise<void> {
    await rm(join(this.folder, ".."), { recursive: true });
  }

  /** An agent that runs until it is stopped. */
  agent(): ShortAgent {
    const stateDir = new StateDir(this.folder, this.logger, () => this.now);
    const repository = new Repository({
      // A second listing follows at once.
      clock: Object.assign(new FakeClock(), { sleep: async () => {} }),
      reverifyMs: 3_600_000,
      onDerivation: () => {},
      cache: stateDir.cacheOf("rest:x"),
    });
    let gets = 0;
    const count = (call: string): void => {
      if (call === "GET snapshots") gets += 1;
    };
    const read = async (password = "right"): Promise<readonly Snapshot[]> => {
      const backend = recordedBackend(this.sealed.files, count);
      const access = { keyHint: undefined, publishedId: undefined };
      const { snapshots } = await repository.read(
        { backend, password: new Secret(password), ...access },
        new AbortController().signal,
      );
      return [...snapshots.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
    };
    const collect = async (password?: string): Promise<Collected> => {
      gets = 0;
      const ids = (await read(password)).map(({ id }) => id);
      return { ids, gets };
    };
    const endCollection = (): void => stateDir.collectionEnded();
    return { read, collect, endCollection, stop: () => stateDir.close() };
  }

  /** Starts an agent for one collection. */
  async run(password?: string): Promise<Collected> {
    const started = this.agent();
    try {
      return await started.collect(password);
    } finally {
      await started.stop();
    }
  }

  /** Adds snapshots, each of its own host, and returns their sorted ids. */
  add(count: number, from = 0): readonly string[] {
    return Array.from({ length: count }, (_, index) =>
      this.sealed.addSnapshot({
        time: new Date(this.now - (from + index) * 3_600_000).toISOString(),
        hostname: `host-${from + index}`,
        username: "root",
        summary: { total_files_processed: index },
      }),
    ).toSorted();
  }

  async stateFile(): Promise<string> {
    const name = (await readdir(this.folder)).find((one) => /^[0-9a-f]{64}-/.test(one));
    if (name === undefined) throw new Error("there is no state file");
    return join(this.folder, name);
  }
}

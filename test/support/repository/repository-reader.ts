import { expect } from "vitest";

import { AgentError } from "../../../instrumentation/core/error.ts";
import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { Secret } from "../../../instrumentation/core/secret.ts";
import { Repository } from "../../../instrumentation/restic/repository/repository.ts";
import type { Catalogue } from "../../../instrumentation/restic/repository/repository.ts";
import type { Access } from "../../../instrumentation/restic/repository/session.ts";
import type { SnapshotCache } from "../../../instrumentation/restic/repository/snapshot-cache.ts";
import { FakeClock } from "../core/clock.ts";
import { recordedBackend } from "../backends/recorded-backend.ts";
import { SealedRepository } from "./sealed-repository.ts";

/** A sealed repository in memory and the Repository that reads it, with a record of its calls. */
export class RepositoryReader {
  sealed: SealedRepository;
  readonly clock = new FakeClock();
  derivations = 0;
  /** The backend calls of the last read, in order. */
  calls: string[] = [];
  /** Called before each backend call, to delete files or to fail. */
  before: (call: string) => void = () => {};
  /** Files that the storage refuses, by name. */
  readonly refused = new Map<string, AgentError>();
  readonly #repository: Repository;

  constructor(reverifyMs: number, cache?: SnapshotCache) {
    this.sealed = new SealedRepository("right");
    this.#repository = new Repository({
      clock: this.clock,
      reverifyMs,
      cache,
      onDerivation: () => (this.derivations += 1),
    });
  }

  read(
    password = "right",
    rest: Partial<Access> = {},
    signal = new AbortController().signal,
  ): Promise<Catalogue> {
    this.calls = [];
    const recorded = recordedBackend(this.sealed.files, (call) => {
      this.calls.push(call);
      this.before(call);
    });
    const backend: Backend = {
      ...recorded,
      load: async (type, name, aborted) => {
        const stored = await recorded.load(type, name, aborted);
        const refusal = this.refused.get(name);
        if (refusal) throw refusal;
        return stored;
      },
    };
    const access = { keyHint: undefined, publishedId: undefined, ...rest };
    return this.#repository.read({ backend, password: new Secret(password), ...access }, signal);
  }

  /** The next read lists keys. */
  doubtKey(): void {
    this.#repository.doubtKey();
  }

  /** Code and message of the error of a failed read. */
  async failure(reading: Promise<unknown>): Promise<string> {
    const error: unknown = await reading.then(
      () => expect.fail("did not fail"),
      (reason: unknown) => reason,
    );
    if (!(error instanceof AgentError)) throw error;
    return `${error.code}: ${error.message}`;
  }

  remove(type: "snapshots" | "keys"): void {
    for (const path of this.sealed.files.keys()) {
      if (path.startsWith(`${type}/`)) this.sealed.files.delete(path);
    }
  }
}

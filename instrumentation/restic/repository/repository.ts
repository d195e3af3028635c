import type { Clock } from "../../core/clock.ts";
import { AgentError } from "../../core/error.ts";
import type { Secret } from "../../core/secret.ts";
import type { Backend } from "../../backends/backend.ts";
import { decodeConfig, loadConfig, opensConfig } from "./config.ts";
import type { RepositoryConfig } from "./config.ts";
import { KeySearch } from "./key-search.ts";
import type { OpenedKey } from "./key-search.ts";
import { listIds } from "./listing.ts";
import { isCorrupt } from "./verified-load.ts";
import { ReadAhead } from "./read-ahead.ts";
import { loadSnapshots } from "./load-snapshots.ts";
import type { SnapshotFiles } from "./load-snapshots.ts";
import type { SnapshotCache } from "./snapshot-cache.ts";
import { nameSharing } from "./snapshot.ts";
import type { Snapshot } from "./snapshot.ts";

/** An empty listing after a full one is believed when a second one, this long after, agrees. */
const CONFIRM_EMPTY_MS = 3000;

/** All snapshots of a repository as of one listing. */
export interface Catalogue {
  readonly config: RepositoryConfig;
  /** By file name. Valid until the next read. */
  readonly snapshots: ReadonlyMap<string, Snapshot>;
  /** Names of snapshot files that could not be read, with the reason. */
  readonly unreadable: ReadonlyMap<string, string>;
}

export interface RepositoryOptions {
  readonly clock: Clock;
  /** How long a key that opened is trusted before `keys/` is listed again, milliseconds. */
  readonly reverifyMs: number;
  readonly onDerivation: () => void;
  /** What was read before a restart. */
  readonly cache?: SnapshotCache | undefined;
}

/** With what a repository is read this time. */
export interface Access {
  readonly backend: Backend;
  readonly password: Secret;
  /** Prefix of the name of the key to try first. */
  readonly keyHint: string | undefined;
  /** Id of the repository whose snapshots were published last, if there were any: an empty listing must be confirmed. */
  readonly publishedId: string | undefined;
}

interface Session extends OpenedKey {
  readonly config: RepositoryConfig;
  readonly password: Secret;
  /** Monotonic milliseconds. */
  readonly verifiedAt: number;
}

/**
 * What is known of one repository between collections: the master key and the snapshots, which never change.
 * Takes no lock and writes nothing: what vanishes between a listing and a read is gone, not an error.
 */
export class Repository {
  readonly #options: RepositoryOptions;
  readonly #keys: KeySearch;
  /** By file name; also those that an interrupted collection has read, so that the next one does not read them again. */
  readonly #snapshots = new Map<string, Snapshot>();
  #foreign: ReadonlySet<string> = new Set();
  #session: Session | undefined;
  /** Of the read that is under way. */
  #ahead: ReadAhead | undefined;

  constructor(options: RepositoryOptions) {
    this.#options = options;
    this.#keys = new KeySearch(() => {
      options.onDerivation();
      this.#ahead?.begin();
    });
  }

  /**
   * One LIST, and one GET for each new snapshot; at first, and when something says that they changed, keys and config as well.
   * @throws AgentError; what was read so far is kept for the next time
   */
  async read(access: Access, signal: AbortSignal): Promise<Catalogue> {
    // Before a key is open nobody knows what the cache has.
    const isKnown = (id: string): boolean =>
      this.#snapshots.has(id) || (this.#options.cache !== undefined && !this.#session);
    const ahead = new ReadAhead(access.backend, isKnown, signal);
    this.#ahead = ahead;
    try {
      return await this.#readWhole({ ...access, backend: ahead }, signal);
    } finally {
      ahead.end();
    }
  }

  async #readWhole(access: Access, signal: AbortSignal): Promise<Catalogue> {
    const { backend } = access;
    const before = this.#session;
    const session = await this.#unlock(access, signal);
    let ids = await listIds(backend, "snapshots", signal);
    if (ids.size === 0 && access.publishedId !== undefined)
      ids = await this.#confirmEmpty(session, access, signal);
    // One that never held a snapshot looks the same when it is gone.
    else if (ids.size === 0 && session === before) {
      if (await this.#isReplaced(session, backend, signal)) return this.#startOver(access, signal);
    }
    const unknown = [...ids].filter((id) => !this.#snapshots.has(id)).toSorted();
    const files = await this.#load(backend, session, unknown, signal);
    const suspicious =
      [...files.foreign].some((id) => !this.#foreign.has(id)) ||
      (files.compressed && session.config.version === 1);
    if (suspicious && (await this.#isReplaced(session, backend, signal)))
      return this.#startOver(access, signal);
    this.#foreign = files.foreign;

    let { unreadable } = files;
    if (files.gone.size > 0) {
      const still = await listIds(backend, "snapshots", signal);
      if (still.size === 0)
        throw new AgentError("other", "all snapshots vanished while they were read");
      const contradictory = [...files.gone].filter((id) => still.has(id));
      unreadable = new Map([
        ...unreadable,
        ...contradictory.map((id) => [id, "is listed but is not there"] as const),
      ]);
    }
    return this.#settle(ids, unreadable);
  }

  /** What was read is kept, also when a later file fails. */
  async #load(
    backend: Backend,
    { master }: Session,
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<SnapshotFiles> {
    const { cache } = this.#options;
    const fresh: Snapshot[] = [];
    const share = nameSharing();
    const found = (decoded: Snapshot): void => {
      const snapshot = share(decoded);
      this.#snapshots.set(snapshot.id, snapshot);
      if (cache) fresh.push(snapshot);
    };
    try {
      return await loadSnapshots(backend, master, ids, found, signal);
    } finally {
      await cache?.append(fresh);
    }
  }

  async #unlock({ backend, password, keyHint }: Access, signal: AbortSignal): Promise<Session> {
    const known = this.#session;
    const now = this.#options.clock.monotonicMs();
    const same = known?.password.equals(password) === true;
    if (same && now - known.verifiedAt < this.#options.reverifyMs) return known;
    let sealed = known ? undefined : await loadConfig(backend, signal);
    const sealedConfig = async (): Promise<Uint8Array> =>
      (sealed ??= await loadConfig(backend, signal));
    const ids = [...(await listIds(backend, "keys", signal))].toSorted();
    if (ids.length === 0) {
      await sealedConfig();
      throw noKeys();
    }
    // The master key never changes: a key file that opened once is good as long as it is there.
    if (same && ids.includes(known.id)) {
      this.#session = { ...known, verifiedAt: now };
      return this.#session;
    }
    const opened = await this.#keys.find(
      { backend, ids, password, first: keyHint ?? known?.id },
      async (master) => opensConfig(await sealedConfig(), master),
      signal,
    );
    const config = decodeConfig(await sealedConfig(), opened.master);
    if (known && known.config.id !== config.id) this.#snapshots.clear();
    if (known?.config.id !== config.id) {
      const cached = await this.#options.cache?.load(config.id, opened.master);
      const share = nameSharing();
      for (const snapshot of cached ?? []) this.#snapshots.set(snapshot.id, share(snapshot));
    }
    this.#session = { ...opened, config, password, verifiedAt: now };
    return this.#session;
  }

  /** Looks at config again: true if the master key does not open it any more or it is of another repository. */
  async #isReplaced(session: Session, backend: Backend, signal: AbortSignal): Promise<boolean> {
    try {
      const config = decodeConfig(await loadConfig(backend, signal), session.master);
      if (config.id !== session.config.id) return true;
      this.#session = { ...session, config };
      return false;
    } catch (error) {
      if (isCorrupt(error)) return true;
      throw error;
    }
  }

  /** Ends, because each time over the session is new and a file is compared with it once. */
  async #startOver(access: Access, signal: AbortSignal): Promise<Catalogue> {
    this.#session = undefined;
    this.#snapshots.clear();
    this.#foreign = new Set();
    return this.#readWhole(access, signal);
  }

  /** A disk that is not mounted, a wrong prefix, a bucket made anew: far more often than that all was forgotten. */
  async #confirmEmpty(
    session: Session,
    { backend, publishedId }: Access,
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    if ((await this.#isReplaced(session, backend, signal)) || session.config.id !== publishedId) {
      throw new AgentError(
        "not_found",
        `the repository ${String(publishedId).slice(0, 8)} is gone: an empty one is in its place`,
      );
    }
    if ((await listIds(backend, "keys", signal)).size === 0) throw noKeys();
    await this.#options.clock.sleep(CONFIRM_EMPTY_MS, signal);
    return listIds(backend, "snapshots", signal);
  }

  async #settle(
    ids: ReadonlySet<string>,
    unreadable: ReadonlyMap<string, string>,
  ): Promise<Catalogue> {
    for (const id of this.#snapshots.keys()) if (!ids.has(id)) this.#snapshots.delete(id);
    await this.#options.cache?.compact(this.#snapshots);
    const session = this.#session;
    if (!session) throw new AgentError("other", "the repository is not open");
    return { config: session.config, snapshots: this.#snapshots, unreadable };
  }
}

function noKeys(): AgentError {
  const legacy =
    "an S3 repository of restic before 0.7 must be converted by restic 0.17 (migrate s3_layout)";
  return new AgentError(
    "corrupt",
    `there is a config file but no key: keys/ is empty, or may not be listed; ${legacy}`,
  );
}

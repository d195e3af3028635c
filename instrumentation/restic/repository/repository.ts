import type { Clock } from "../../core/clock.ts";
import { AgentError } from "../../core/error.ts";
import { MAX_SIZE_BYTES } from "../../backends/backend.ts";
import type { Backend } from "../../backends/backend.ts";
import type { ConfigFile } from "./config-file.ts";
import { listIds } from "./listing.ts";
import { ReadAhead } from "./read-ahead.ts";
import { loadSnapshots } from "./load-snapshots.ts";
import type { SnapshotBounds, SnapshotFiles } from "./load-snapshots.ts";
import { noKeys, SessionOpener } from "./session.ts";
import type { Credentials, Session } from "./session.ts";
import { sharing } from "./sharing.ts";
import { Sightings } from "./sightings.ts";
import type { SnapshotCache } from "./snapshot-cache.ts";
import type { Snapshot } from "./snapshot.ts";

/** An empty listing after a full one counts only if a second one, this much later, is empty too. */
const CONFIRM_EMPTY_MS = 3000;

/** All snapshots of a repository as of one listing. */
export interface Catalogue {
  readonly config: ConfigFile;
  /** By file name. Valid until the next read. */
  readonly snapshots: ReadonlyMap<string, Snapshot>;
  /** Names of unreadable snapshot files, with the reason. */
  readonly unreadable: ReadonlyMap<string, string>;
  /** When all of it was read, milliseconds since the epoch. */
  readonly completeAt: number;
}

export interface RepositoryOptions {
  readonly clock: Clock;
  /** `keys/` is listed again when the key was verified longer ago than this, milliseconds. */
  readonly reverifyMs: number;
  readonly onDerivation: () => void;
  readonly cache?: SnapshotCache | undefined;
  /** Bound of a snapshot file and of its JSON. Default: that of the backends. */
  readonly maxSnapshotBytes?: number | undefined;
}

/** The parameters of one read. */
export interface Access extends Credentials {
  /** Id of the repository whose snapshots were published last; undefined: none. An empty listing must then be confirmed. */
  readonly publishedId: string | undefined;
}

/**
 * One repository. Keeps the master key and the snapshots, which never change, between collections.
 * Takes no lock: a file that vanishes between a listing and a read was deleted, which is not an error.
 */
export class Repository {
  readonly #options: RepositoryOptions;
  readonly #sessions: SessionOpener;
  /** By file name; also those that an interrupted collection has read, so that the next one does not read them again. */
  readonly #snapshots = new Map<string, Snapshot>();
  #sightings = new Sightings();
  #foreign: ReadonlySet<string> = new Set();
  readonly #bounds: SnapshotBounds;
  /** The backend of the current read. */
  #ahead: ReadAhead | undefined;

  constructor(options: RepositoryOptions) {
    this.#options = options;
    const { maxSnapshotBytes = MAX_SIZE_BYTES.snapshots } = options;
    this.#bounds = { maxBytes: maxSnapshotBytes, exceeding: new Map() };
    this.#sessions = new SessionOpener(options.clock, options.reverifyMs, () => {
      options.onDerivation();
      this.#ahead?.begin();
    });
  }

  /**
   * Sends one LIST, and one GET for each new snapshot. Reads keys and config at first, and when they may have changed.
   * @throws AgentError; the next read does not load again what this one has loaded
   */
  async read(access: Access, signal: AbortSignal): Promise<Catalogue> {
    // The cache cannot be read before a key is open: until then all snapshots may be in it.
    const isKnown = (id: string): boolean =>
      this.#snapshots.has(id) ||
      this.#bounds.exceeding.has(id) ||
      (this.#options.cache !== undefined && !this.#sessions.current);
    const ahead = new ReadAhead(access.backend, isKnown, signal);
    this.#ahead = ahead;
    try {
      return await this.#readWhole({ ...access, backend: ahead }, signal);
    } finally {
      ahead.end();
    }
  }

  /** Opens config and a key, and neither lists nor reads snapshots. @throws AgentError */
  async open(access: Credentials, signal: AbortSignal): Promise<ConfigFile> {
    return (await this.#sessions.open(access, signal)).config;
  }

  async #readWhole(access: Access, signal: AbortSignal): Promise<Catalogue> {
    const { backend } = access;
    const before = this.#sessions.current;
    const session = await this.#sessions.open(access, signal);
    if (session.config.id !== before?.config.id) await this.#restore(session);
    this.#sightings.begin(this.#options.clock.now());
    let ids = await listIds(backend, "snapshots", signal);
    if (ids.size === 0 && access.publishedId !== undefined)
      ids = await this.#confirmEmpty(session, access, signal);
    // A repository without snapshots and a deleted one have the same listing.
    else if (ids.size === 0 && session === before) {
      if (await this.#sessions.isReplaced(session, backend, signal))
        return this.#startOver(access, signal);
    }
    const unknown = [...ids].filter((id) => !this.#snapshots.has(id)).toSorted();
    const files = await this.#load(backend, session, unknown, signal);
    const suspicious =
      [...files.foreign].some((id) => !this.#foreign.has(id)) ||
      (files.compressed && session.config.version === 1);
    if (suspicious && (await this.#sessions.isReplaced(session, backend, signal)))
      return this.#startOver(access, signal);
    this.#foreign = files.foreign;

    let { unreadable } = files;
    if (files.gone.size > 0) {
      const still = await listIds(backend, "snapshots", signal);
      if (still.size === 0)
        throw new AgentError("other", "all snapshots disappeared while they were read");
      const contradictory = [...files.gone].filter((id) => still.has(id));
      unreadable = new Map([
        ...unreadable,
        ...contradictory.map((id) => [id, "is listed but missing"] as const),
      ]);
    }
    return this.#settle(ids, unreadable);
  }

  /** Keeps the snapshots that were read even if a later file fails. */
  async #load(
    backend: Backend,
    { master }: Session,
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<SnapshotFiles> {
    const { cache } = this.#options;
    const fresh: Snapshot[] = [];
    const share = sharing(this.#snapshots.values());
    const found = (decoded: Snapshot): void => {
      const snapshot = share({ ...decoded, firstSeen: this.#sightings.of(decoded.id) });
      this.#snapshots.set(snapshot.id, snapshot);
      if (cache) fresh.push(snapshot);
    };
    try {
      return await loadSnapshots(backend, master, ids, found, this.#bounds, signal);
    } finally {
      await cache?.append(fresh);
    }
  }

  /** Begins with the snapshots that are known from before a restart. */
  async #restore({ config, master }: Session): Promise<void> {
    this.#snapshots.clear();
    const remembered = await this.#options.cache?.load(config.id, master);
    this.#sightings = new Sightings(remembered?.listed);
    for (const [id, snapshot] of remembered?.snapshots ?? []) this.#snapshots.set(id, snapshot);
  }

  /** Does not repeat endlessly: a new session compares each suspicious file with config once. */
  async #startOver(access: Access, signal: AbortSignal): Promise<Catalogue> {
    this.#sessions.forget();
    this.#snapshots.clear();
    this.#foreign = new Set();
    return this.#readWhole(access, signal);
  }

  /** An unmounted disk, a wrong prefix or a new bucket is more likely than that all snapshots were forgotten. */
  async #confirmEmpty(
    session: Session,
    { backend, publishedId }: Access,
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    if (
      (await this.#sessions.isReplaced(session, backend, signal)) ||
      session.config.id !== publishedId
    ) {
      throw new AgentError(
        "not_found",
        `the repository ${String(publishedId).slice(0, 8)} was replaced by an empty one`,
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
    const completeAt = this.#options.clock.now();
    const listed = this.#sightings.settle(this.#snapshots, unreadable.keys(), completeAt);
    await this.#options.cache?.settle(listed);
    const session = this.#sessions.current;
    if (!session) throw new AgentError("other", "the repository is not open");
    return { config: session.config, snapshots: this.#snapshots, unreadable, completeAt };
  }
}

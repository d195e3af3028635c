import type { Debug } from "../../core/log.ts";
import type { Clock } from "../../core/clock.ts";
import { AgentError, toAgentError } from "../../core/error.ts";
import { MAX_SIZE_BYTES, MissingPlaceError } from "../../backends/backend.ts";
import { loadConfig } from "./config.ts";
import type { Secret } from "../../core/secret.ts";
import type { ConfigFile } from "./config-file.ts";
import { listIds } from "./listing.ts";
import { KnownSnapshots } from "./snapshots/known-snapshots.ts";
import { MISSING, noneReadable, unreadableBefore } from "./snapshots/load-snapshots.ts";
import type { Unreadable } from "./snapshots/load-snapshots.ts";
import { judged } from "./snapshots/losses.ts";
import type { ChangeHistory, JudgeChanges } from "./snapshots/change-history.ts";
import type { JudgedLoss } from "./snapshots/losses.ts";
import { ReadAhead } from "./read-ahead.ts";
import { noKeys, SessionOpener } from "./session.ts";
import type { Access, Credentials, Session } from "./session.ts";
import type { SnapshotCache } from "./snapshot-cache.ts";
import type { Snapshot } from "./snapshot.ts";
import { isNotFound } from "./verified-load.ts";

/** A listing that lacks known files counts only if a second one, this much later, lacks them too. */
const SECOND_LOOK_MS = 3000;

/** All snapshots of a repository as of one listing. */
export interface Catalogue {
  readonly config: ConfigFile;
  /** By file name. Valid until the next read. */
  readonly snapshots: ReadonlyMap<string, Snapshot>;
  /** The unreadable snapshot files, by name. */
  readonly unreadable: ReadonlyMap<string, Unreadable>;
  /** When all of it was read, milliseconds since the epoch. */
  readonly completeAt: number;
  /** Backup sets for which a second listing was needed. */
  readonly losses: readonly JudgedLoss[];
  /** undefined: the changes are not judged. */
  readonly history?: ChangeHistory | undefined;
}

export interface RepositoryOptions {
  readonly clock: Clock;
  /** `keys/` is listed again when the key was verified longer ago than this, milliseconds. */
  readonly reverifyMs: number;
  readonly onDerivation: () => void;
  /** Logs the keys that are tried. */
  readonly debug?: Debug;
  readonly cache?: SnapshotCache | undefined;
  /** Bound of a snapshot file and of its JSON. Default: that of the backends. */
  readonly maxSnapshotBytes?: number | undefined;
  /** Called with each complete listing. Default: there is no history. */
  readonly judge?: JudgeChanges | undefined;
}

/** A listing, and the state of the files in it. */
interface Look {
  readonly listed: ReadonlySet<string>;
  /** By name; they may be no longer listed. */
  readonly unreadable: ReadonlyMap<string, Unreadable>;
}

/**
 * One repository. Keeps the master key and the snapshots, which never change, between collections.
 * Takes no lock: a file that vanishes between a listing and a read was deleted, which is not an error.
 */
export class Repository {
  readonly #options: RepositoryOptions;
  readonly #sessions: SessionOpener;
  readonly #known: KnownSnapshots;
  /** The backend of the current read. */
  #ahead: ReadAhead | undefined;

  constructor(options: RepositoryOptions) {
    this.#options = options;
    const { clock, reverifyMs, debug = () => {}, cache } = options;
    const { maxSnapshotBytes = MAX_SIZE_BYTES.snapshots } = options;
    this.#known = new KnownSnapshots(cache, maxSnapshotBytes, options.judge);
    const onDerivation = (): void => {
      options.onDerivation();
      this.#ahead?.begin();
    };
    this.#sessions = new SessionOpener(clock, reverifyMs, onDerivation, debug, cache?.keys);
  }

  /**
   * Sends one LIST, and one GET for each new snapshot. Reads keys and config at first, and when they may have changed.
   * @throws AgentError; the next read does not load again what this one has loaded
   */
  async read(access: Access, signal: AbortSignal): Promise<Catalogue> {
    const mayBeKnown = (id: string): boolean => this.#known.mayHave(id);
    const ahead = new ReadAhead(access.backend, mayBeKnown, signal);
    this.#ahead = ahead;
    try {
      return await this.#readWhole({ ...access, backend: ahead }, signal);
    } finally {
      ahead.end();
    }
  }

  /** config and the key as the last read found them; undefined: not open yet. */
  get session(): Session | undefined {
    return this.#sessions.current;
  }

  /** The next read lists keys, so that a changed password shows. */
  doubtKey(): void {
    this.#sessions.doubt();
  }

  /** The last complete listing before a restart, read without the repository; undefined: it is not known, or the password is wrong. */
  async recall(password: Secret, signal: AbortSignal): Promise<Catalogue | undefined> {
    const session = await this.#sessions.recall(password, signal);
    const listed = session && (await this.#known.restore(session.config.id, session.master));
    if (!listed) return undefined;
    const { snapshots, completeAt, history } = listed;
    const unreadable = unreadableBefore(listed);
    return { config: session.config, snapshots, unreadable, completeAt, losses: [], history };
  }

  /** Opens config and a key, and neither lists nor reads snapshots. @throws AgentError */
  async open(access: Credentials, signal: AbortSignal): Promise<ConfigFile> {
    return (await this.#sessions.open(access, signal)).config;
  }

  async #readWhole(access: Access, signal: AbortSignal): Promise<Catalogue> {
    const [{ backend }, before] = [access, this.#sessions.current];
    const session = await this.#sessions.open(access, signal);
    const current = session.config.id;
    if (current !== before?.config.id) await this.#known.restore(current, session.master);
    if (current === access.publishedId) this.#known.adopt(access.published);
    if (current === access.history?.repositoryId) this.#known.adoptHistory(access.history);
    this.#known.begin(this.#options.clock.now());
    const listed = await this.#list(access, signal);
    // A repository without snapshots and a deleted one have the same listing.
    const isAmbiguous = listed.size === 0 && !this.#hadSnapshots(access) && session === before;
    if (isAmbiguous && (await this.#sessions.isReplaced(session, backend, signal)))
      return this.#startOver(access, signal);
    const fresh = await this.#known.unknownIn(listed);
    const files = await this.#known.load(backend, session.master, fresh, signal);
    const isSuspicious = this.#known.isSuspicious(files, session.config);
    if (isSuspicious && (await this.#sessions.isReplaced(session, backend, signal)))
      return this.#startOver(access, signal);
    if (files.failure) throw files.failure;

    let look: Look = { listed, unreadable: files.unreadable };
    if (files.gone.size > 0 || this.#known.isRefused(files)) {
      const gone = [...files.gone].map((id) => [id, MISSING] as const);
      look = await this.#lookAgain(access, new Map([...files.unreadable, ...gone]), signal);
    }
    const { missing, losses } = await this.#known.compare(look.listed, fresh);
    const isEmptied = look.listed.size === 0 && (listed.size > 0 || this.#hadSnapshots(access));
    if (isEmptied) await this.#checkPlace(session, access, signal);
    const lacksKeys = this.#lacksKeys();
    const lacksSnapshots = isEmptied || missing > 0;
    if (lacksKeys || lacksSnapshots) await this.#options.clock.sleep(SECOND_LOOK_MS, signal);
    if (lacksKeys) await this.#sessions.listKeysAgain(backend, signal);
    if (lacksSnapshots) {
      const second = await this.#lookAgain(access, look.unreadable, signal);
      look = { ...second, listed: new Set([...look.listed, ...second.listed]) };
    }
    const after = losses.length > 0 ? await this.#known.compare(look.listed, fresh) : { losses };
    const catalogue = await this.#settle(look, judged(losses, after.losses));
    await this.#known.fill(backend, session.master, signal);
    return catalogue;
  }

  /** The last listing of `keys/` lacks a key that the history has. */
  #lacksKeys(): boolean {
    const { listedKeys } = this.#sessions;
    const known = this.#known.history?.keys?.names ?? [];
    return listedKeys !== undefined && known.some((name) => !listedKeys.has(name));
  }

  /** Snapshots of this repository were published, or are known from an interrupted collection or from before a restart. */
  #hadSnapshots({ publishedId }: Access): boolean {
    return publishedId !== undefined || this.#known.byId.size > 0;
  }

  /** The names in `snapshots/`. The folder must exist if it had snapshots. */
  async #list(access: Access, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const { backend } = access;
    try {
      return await listIds(backend, "snapshots", signal, this.#hadSnapshots(access));
    } catch (error) {
      if (!isNotFound(error) || error instanceof MissingPlaceError) throw error;
      await loadConfig(backend, signal);
      const { message } = toAgentError(error);
      throw new AgentError("not_found", `${message}, but the repository had snapshots`, {
        cause: error,
      });
    }
  }

  /** Lists again, and reads what is new. */
  async #lookAgain(
    access: Access,
    unreadable: ReadonlyMap<string, Unreadable>,
    signal: AbortSignal,
  ): Promise<Look> {
    const listed = await this.#list(access, signal);
    const { master } = this.#openSession();
    const names = [...listed].filter((id) => !unreadable.has(id));
    const files = await this.#known.load(access.backend, master, names, signal);
    if (files.failure) throw files.failure;
    return { listed, unreadable: new Map([...unreadable, ...files.unreadable]) };
  }

  #openSession(): Session {
    const session = this.#sessions.current;
    if (!session) throw new AgentError("other", "the repository is not open");
    return session;
  }

  /** Does not repeat endlessly: a new session compares each suspicious file with config once. */
  async #startOver(access: Access, signal: AbortSignal): Promise<Catalogue> {
    this.#sessions.forget();
    this.#known.clear();
    return this.#readWhole(access, signal);
  }

  /** An unmounted disk, a wrong prefix or a new bucket is more likely than that all snapshots were forgotten. */
  async #checkPlace(
    session: Session,
    { backend, publishedId = session.config.id }: Access,
    signal: AbortSignal,
  ): Promise<void> {
    const isReplaced = await this.#sessions.isReplaced(session, backend, signal);
    if (isReplaced || session.config.id !== publishedId) {
      throw new AgentError(
        "not_found",
        `the repository ${publishedId.slice(0, 8)} was replaced by an empty one`,
      );
    }
    if ((await listIds(backend, "keys", signal)).size === 0) throw noKeys();
  }

  async #settle({ listed, unreadable }: Look, losses: readonly JudgedLoss[]): Promise<Catalogue> {
    const { config } = this.#openSession();
    const bad = new Map([...unreadable].filter(([id]) => listed.has(id)));
    if (listed.size > 0 && ![...listed].some((id) => this.#known.byId.has(id)))
      throw noneReadable(listed.size, bad);
    const at = this.#options.clock.now();
    const keys = this.#sessions.listedKeys;
    await this.#known.settle(listed, bad, { at, repositoryId: config.id, keys });
    await this.#sessions.settled();
    const { byId: snapshots, history } = this.#known;
    return { config, snapshots, unreadable: bad, completeAt: at, losses, history };
  }
}

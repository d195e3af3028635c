import type { Clock } from "../../core/clock.ts";
import { AgentError } from "../../core/error.ts";
import type { Debug } from "../../core/log.ts";
import type { Secret } from "../../core/secret.ts";
import type { Backend } from "../../backends/backend.ts";
import { decodeConfig, loadConfig, opensConfig } from "./config.ts";
import type { ConfigFile } from "./config-file.ts";
import { KeySearch } from "./key-search.ts";
import type { OpenedKey } from "./key-search.ts";
import type { KeyKeeper } from "./kept-key.ts";
import { listIds } from "./listing.ts";
import type { Snapshot } from "./snapshot.ts";
import type { ChangeHistory } from "./snapshots/change-history.ts";
import { isCorrupt } from "./verified-load.ts";

/** How to open a repository. */
export interface Credentials {
  readonly backend: Backend;
  readonly password: Secret;
  /** Prefix of the name of the key to try first. */
  readonly keyHint: string | undefined;
  /** Id of the repository whose snapshots were published last; undefined: none. */
  readonly publishedId?: string | undefined;
}

/** The parameters of one read. */
export interface Access extends Credentials {
  /** An empty listing must be confirmed if snapshots were published. */
  readonly publishedId: string | undefined;
  /** Its snapshots, if another Repository may have read them, as before a reload of settings. */
  readonly published?: Iterable<Snapshot>;
  /** The history that was published with them. */
  readonly history?: ChangeHistory | undefined;
}

/** An open repository: its config and the key that opened it. */
export interface Session extends OpenedKey {
  readonly config: ConfigFile;
  readonly password: Secret;
  /** Monotonic milliseconds; undefined: it was opened with a kept key, and the repository was not asked. */
  readonly verifiedAt: number | undefined;
}

/** Opens a repository, and keeps it open: a key derivation takes half a second. */
export class SessionOpener {
  readonly #clock: Clock;
  readonly #reverifyMs: number;
  readonly #keys: KeySearch;
  readonly #keeper: KeyKeeper | undefined;
  #session: Session | undefined;
  #listedKeys: ReadonlySet<string> | undefined;
  /** The next call of `open` lists `keys/`. */
  #isDoubted = false;
  /** The keeper has the key of the session. */
  #isKept = false;
  /** Keeps the key of the repository that took the place of the published one, in place of the old key. */
  #replaceKept: (() => Promise<void>) | undefined;

  /** @param reverifyMs `keys/` is listed again when the key was verified longer ago than this, milliseconds */
  constructor(
    clock: Clock,
    reverifyMs: number,
    onDerivation: () => void,
    debug: Debug,
    keeper?: KeyKeeper,
  ) {
    this.#keeper = keeper;
    this.#clock = clock;
    this.#reverifyMs = reverifyMs;
    this.#keys = new KeySearch(onDerivation, debug);
  }

  get current(): Session | undefined {
    return this.#session;
  }

  /** All names in `keys/` as listed last; undefined: not listed yet. */
  get listedKeys(): ReadonlySet<string> | undefined {
    return this.#listedKeys;
  }

  /** Lists keys again: a key is gone if two listings lack it. */
  async listKeysAgain(backend: Backend, signal: AbortSignal): Promise<void> {
    const second = await listIds(backend, "keys", signal);
    this.#listedKeys = new Set([...(this.#listedKeys ?? []), ...second]);
  }

  /** The next call of `open` reads keys and config. */
  forget(): void {
    this.#session = undefined;
  }

  /** The next call of `open` lists `keys/`, and reads config. */
  doubt(): void {
    this.#isDoubted = true;
  }

  /** Opens a key that was kept over a restart, without the repository. undefined: none is kept, or the password does not open it. */
  async recall(password: Secret, signal: AbortSignal): Promise<Session | undefined> {
    const kept = await this.#keeper?.load();
    if (!kept) return undefined;
    const { id, keyFile: stored } = kept;
    try {
      const master = await this.#keys.derive(stored, password, signal);
      const config = decodeConfig(kept.config, master);
      this.#session = { id, master, stored, config, password, verifiedAt: undefined };
      this.#isKept = true;
      return this.#session;
    } catch {
      // The repository itself tells what is wrong.
      return undefined;
    }
  }

  /** Reads keys and config at first, and when they may have changed. */
  async open(access: Credentials, signal: AbortSignal): Promise<Session> {
    const { backend, password, keyHint } = access;
    const known = this.#session;
    const now = this.#clock.monotonicMs();
    const same = known?.password.equals(password) === true;
    const isVerified = known?.verifiedAt !== undefined;
    const isRecent = isVerified && now - known.verifiedAt < this.#reverifyMs;
    if (same && isRecent && !this.#isDoubted) return known;
    let sealed = isVerified ? undefined : await loadConfig(backend, signal);
    const sealedConfig = async (): Promise<Uint8Array> =>
      (sealed ??= await loadConfig(backend, signal));
    this.#listedKeys = await listIds(backend, "keys", signal);
    const ids = [...this.#listedKeys].toSorted();
    if (ids.length === 0) {
      await sealedConfig();
      throw noKeys();
    }
    this.#replaceKept = undefined;
    try {
      // The master key never changes: a key file that opened once is valid as long as it exists. A migration changes config.
      if (same && ids.includes(known.id)) {
        const stored = await sealedConfig();
        const current = await this.#current(known, stored);
        // Another listing of keys/ lacked it.
        if (current && !this.#isKept) await this.#keep(current, stored);
        if (current) return this.#verified(current, now);
      }
      const opened = await this.#keys.find(
        { backend, ids, password, first: keyHint ?? known?.id },
        async (master) => opensConfig(await sealedConfig(), master),
        signal,
      );
      const stored = await sealedConfig();
      const config = decodeConfig(stored, opened.master);
      const { publishedId = known?.config.id ?? config.id } = access;
      const keep = async (): Promise<void> => {
        await this.#listed(ids);
        await this.#keep(opened, stored);
      };
      if (publishedId === config.id) await keep();
      else this.#replaceKept = keep;
      return this.#verified({ ...opened, config, password }, now);
    } finally {
      if (!this.#replaceKept) await this.#listed(ids);
    }
  }

  /** The snapshots of the session's repository are published. */
  async settled(): Promise<void> {
    await this.#replaceKept?.();
    this.#replaceKept = undefined;
  }

  async #keep({ id, stored: keyFile }: OpenedKey, config: Uint8Array): Promise<void> {
    this.#isKept = true;
    await this.#keeper?.keep({ id, keyFile, config });
  }

  /** `keys/` was listed. */
  async #listed(ids: readonly string[]): Promise<void> {
    if (this.#session && !ids.includes(this.#session.id)) this.#isKept = false;
    await this.#keeper?.listed(ids);
  }

  #verified(session: Omit<Session, "verifiedAt">, now: number): Session {
    this.#session = { ...session, verifiedAt: now };
    this.#isDoubted = false;
    return this.#session;
  }

  /** Reads config again: true if the master key no longer opens it or it is of another repository. */
  async isReplaced(session: Session, backend: Backend, signal: AbortSignal): Promise<boolean> {
    const current = await this.#current(session, await loadConfig(backend, signal));
    if (current) this.#session = current;
    return current === undefined;
  }

  /** The session with config as it is now; undefined as in `currentConfig`. */
  async #current(session: Session, sealed: Uint8Array): Promise<Session | undefined> {
    const config = currentConfig(session, sealed);
    if (config && config.version !== session.config.version) await this.#keep(session, sealed);
    return config && { ...session, config };
  }
}

/** Config, which a migration changes; undefined: the master key does not open it, or it is of another repository. */
function currentConfig({ config, master }: Session, sealed: Uint8Array): ConfigFile | undefined {
  try {
    const current = decodeConfig(sealed, master);
    return current.id === config.id ? current : undefined;
  } catch (error) {
    if (isCorrupt(error)) return undefined;
    throw error;
  }
}

/** The failure of a repository with a config and without keys. */
export function noKeys(): AgentError {
  const legacy =
    "convert an S3 repository of restic before 0.7 with restic 0.17 (migrate s3_layout)";
  return new AgentError(
    "corrupt",
    `config exists but no key was found: keys/ is empty, or listing it is not permitted; ${legacy}`,
  );
}

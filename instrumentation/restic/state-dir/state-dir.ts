import type { Logger } from "../../core/log.ts";
import type { InventoryKeeper } from "../inventory/keeper.ts";
import type { KeyKeeper } from "../repository/kept-key.ts";
import type { Remembered, SnapshotCache, TextKeeper } from "../repository/snapshot-cache.ts";
import type { SnapshotJournal } from "./snapshot-journal.ts";
import { KeyFile } from "./key-file.ts";
import { openStateFolder } from "./locked-folder.ts";
import type { StateFolder } from "./locked-folder.ts";
import { openOwnFile, writeOwnFile } from "./own-file.ts";
import type { TextFile } from "./text-file.ts";

/** 20,000 slots with names of a usual length take 2 MiB. */
const MAX_SLOTS_BYTES = 64 * 2 ** 20;

/** Reads of snapshots that lack details, in one collection of all repositories. */
const MAX_READS = 1000;

const nothing = (): Remembered => ({ snapshots: new Map(), listed: undefined });

/** The folder of the setting `stateDir`, opened on first use. */
export class StateDir {
  readonly #path: string;
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #keepsKeys: boolean;
  #reads = MAX_READS;
  /** Of the repositories that are monitored. */
  readonly #urls = new Set<string>();
  #folder: Promise<StateFolder | undefined> | undefined;

  /** @param keepsKeys so that the state can be opened while a repository is away */
  constructor(path: string, logger: Logger, now: () => number, keepsKeys = true) {
    this.#keepsKeys = keepsKeys;
    this.#path = path;
    this.#logger = logger;
    this.#now = now;
  }

  /** undefined: nothing is kept over a restart. */
  static of(
    settings: { readonly stateDir?: string | undefined; readonly stateKeys?: boolean | undefined },
    logger: Logger,
    now: () => number,
  ): StateDir | undefined {
    const { stateDir, stateKeys } = settings;
    return stateDir === undefined ? undefined : new StateDir(stateDir, logger, now, stateKeys);
  }

  /** The cache of one repository. Logs when state is discarded or cannot be used. */
  cacheOf(url: string): SnapshotCache {
    this.#urls.add(url);
    let journal: SnapshotJournal | undefined;
    let hasFailed = false;
    const warn = (what: string, error: unknown): void => this.#warn(url, what, error);

    async function attempt(run: (open: SnapshotJournal) => Promise<void>): Promise<void> {
      if (!journal) return;
      try {
        await run(journal);
      } catch (error) {
        if (!hasFailed) warn("cannot write the state of a repository", error);
        hasFailed = true;
      }
    }

    return {
      load: async (repositoryId, master) => {
        const folder = await this.#open();
        if (!folder) return nothing();
        const key = master.derive(`restic-otel state of ${repositoryId}`);
        const { SnapshotJournal: Journal } = await import("./snapshot-journal.ts");
        const opened = new Journal(
          folder.pathOf(repositoryId, url),
          repositoryId,
          key,
          this.#now(),
        );
        try {
          const { content, problem } = await opened.read();
          if (problem !== undefined)
            warn("discarding the state of a repository", new Error(`its file ${problem}`));
          journal = opened;
          return content;
        } catch (error) {
          warn("cannot read the state of a repository, continuing without it", error);
          return nothing();
        }
      },
      append: (snapshots) => attempt((open) => open.append(snapshots)),
      keys: this.#keeperOf(url),
      locks: this.#lockKeeperOf(url),
      allowReads: (wanted) => {
        const allowed = Math.min(wanted, this.#reads);
        this.#reads -= allowed;
        return allowed;
      },
      settle: (listed) =>
        attempt(async (open) => {
          await open.settle(listed);
          if (hasFailed) this.#logger.info("the state of a repository is written again", { url });
          hasFailed = false;
        }),
    };
  }

  /**
   * Keeps the inventories of one repository.
   * @param instead is used if the folder cannot be
   */
  inventoriesOf(url: string, instead: InventoryKeeper): InventoryKeeper {
    const warn = (what: string, error: unknown): void => this.#warn(url, what, error);
    return {
      open: async (repositoryId, master) => {
        const folder = await this.#open();
        if (!folder) return instead.open(repositoryId, master);
        const path = folder.pathOf(repositoryId, url);
        const { openInventory } = await import("./open-inventory.ts");
        const key = master.derive(`restic-otel inventory of ${repositoryId}`);
        return openInventory(path, repositoryId, key, { warn, now: this.#now() });
      },
      forget: () => instead.forget(),
    };
  }

  /** A collection of all repositories has ended. */
  collectionEnded(): void {
    this.#reads = MAX_READS;
  }

  /** Logs the first failure. The next key that opens replaces a file that cannot be used. */
  #keeperOf(url: string): KeyKeeper {
    let hasFailed = false;
    const attempt = async <T>(run: (file: KeyFile) => Promise<T>): Promise<T | undefined> => {
      const folder = await this.#open();
      if (!folder || !this.#keepsKeys) return undefined;
      try {
        return await run(new KeyFile(folder.keyPathOf(url), this.#now()));
      } catch (error) {
        if (!hasFailed)
          this.#warn(url, "cannot use the kept key of a repository, continuing without it", error);
        hasFailed = true;
        return undefined;
      }
    };
    return {
      load: () => attempt((file) => file.load()),
      keep: (key) => attempt((file) => file.keep(key)),
      listed: (ids) => attempt((file) => file.listed(ids)),
    };
  }

  /** Logs the first failure. */
  #lockKeeperOf(url: string): TextKeeper {
    let hasFailed = false;
    const attempt = async <T>(run: (file: TextFile) => Promise<T>): Promise<T | undefined> => {
      const folder = await this.#open();
      if (!folder) return undefined;
      try {
        const { TextFile: File } = await import("./text-file.ts");
        return await run(new File(folder.locksPathOf(url), "locks"));
      } catch (error) {
        if (!hasFailed) this.#warn(url, "cannot keep the locks of a repository", error);
        hasFailed = true;
        return undefined;
      }
    };
    return {
      load: (repositoryId, master) => attempt((file) => file.load(repositoryId, master)),
      keep: (text, repositoryId, master) =>
        attempt((file) => file.keep(text, repositoryId, master)),
    };
  }

  #warn(url: string, what: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#logger.warn(what, { url, error: reason });
  }

  /** The text that `keepSlots` wrote last; undefined: there is none. Logs if it cannot be read. */
  async loadSlots(): Promise<string | undefined> {
    const folder = await this.#open();
    if (!folder) return undefined;
    try {
      const file = await openOwnFile(folder.slotsPath);
      if (!file) return undefined;
      try {
        const { size } = await file.stat();
        if (size > MAX_SLOTS_BYTES) throw new Error(`the file has ${size} bytes: remove it`);
        return await file.readFile("utf8");
      } finally {
        await file.close();
      }
    } catch (error) {
      this.#logSlots("cannot read the kept slots of expectations, continuing without them", error);
      return undefined;
    }
  }

  async keepSlots(text: string): Promise<void> {
    const folder = await this.#open();
    if (!folder) return;
    try {
      await writeOwnFile(folder.slotsPath, text);
    } catch (error) {
      this.#logSlots("cannot keep the slots of expectations", error);
    }
  }

  #logSlots(what: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#logger.warn(what, { error: reason });
  }

  async close(): Promise<void> {
    const folder = await this.#folder;
    this.#folder = Promise.resolve(undefined);
    await folder?.close();
  }

  #open(): Promise<StateFolder | undefined> {
    this.#folder ??= openStateFolder(this.#path, this.#now(), this.#keepsKeys, this.#urls).catch(
      (error: unknown) => {
        this.#logger.warn("cannot open the state folder: a restart will read all snapshots again", {
          error: error instanceof Error ? error.message : String(error),
        });
        return undefined;
      },
    );
    return this.#folder;
  }
}

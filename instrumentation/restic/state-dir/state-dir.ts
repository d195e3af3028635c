import type { Logger } from "../../core/log.ts";
import type { Labels } from "../../core/source.ts";
import type { InventoryKeeper } from "../inventory/keeper.ts";
import type { KeyKeeper } from "../repository/kept-key.ts";
import type { Remembered, SnapshotCache, TextKeeper } from "../repository/snapshot-cache.ts";
import type { SnapshotJournal } from "./snapshot-journal.ts";
import { keyFileAt } from "./key-file.ts";
import { openStateFolder } from "./locked-folder.ts";
import type { StateFolder } from "./locked-folder.ts";
import { readOwnFile, writeOwnFile } from "./own-file.ts";

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

  /** The cache of one repository. Logs when state is discarded or cannot be used. */
  cacheOf(url: string): SnapshotCache {
    this.#urls.add(url);
    let journal: SnapshotJournal | undefined;
    let hasFailed = false;
    const warn = (what: string, error: unknown): void => this.#warn(what, error, { url });

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
    const warn = (what: string, error: unknown): void => this.#warn(what, error, { url });
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

  /** The next key that opens replaces a file that cannot be used. */
  #keeperOf(url: string): KeyKeeper {
    const what = "cannot use the kept key of a repository, continuing without it";
    const attempt = this.#attempts(what, { url });
    const use = <T>(run: (file: KeyKeeper) => Promise<T>): Promise<T | undefined> =>
      attempt(async (folder) =>
        this.#keepsKeys ? run(keyFileAt(folder.keyPathOf(url), this.#now())) : undefined,
      );
    return {
      load: () => use((file) => file.load()),
      keep: (key) => use((file) => file.keep(key)),
      listed: (ids) => use((file) => file.listed(ids)),
    };
  }

  #lockKeeperOf(url: string): TextKeeper {
    const attempt = this.#attempts("cannot keep the locks of a repository", { url });
    const use = <T>(run: (file: TextKeeper) => Promise<T>): Promise<T | undefined> =>
      attempt(async (folder) => {
        const { locksFileAt } = await import("./locks-file.ts");
        return run(locksFileAt(folder.locksPathOf(url)));
      });
    return {
      load: (repositoryId, master) => use((file) => file.load(repositoryId, master)),
      keep: (text, repositoryId, master) => use((file) => file.keep(text, repositoryId, master)),
    };
  }

  /** The text that `keepSlots` wrote last; undefined: there is none. Logs if it cannot be read. */
  loadSlots(): Promise<string | undefined> {
    const what = "cannot read the kept slots of expectations, continuing without them";
    return this.#attempts(what)(({ slotsPath }) => readOwnFile(slotsPath, MAX_SLOTS_BYTES));
  }

  async keepSlots(text: string): Promise<void> {
    const attempt = this.#attempts("cannot keep the slots of expectations");
    await attempt(({ slotsPath }) => writeOwnFile(slotsPath, text));
  }

  /** Runs work in the folder; undefined: it failed, or the folder cannot be used. Logs the first failure as `what`. */
  #attempts(
    what: string,
    subject: Labels = {},
  ): <T>(run: (folder: StateFolder) => Promise<T>) => Promise<T | undefined> {
    let hasFailed = false;
    return async (run) => {
      const folder = await this.#open();
      try {
        return folder && (await run(folder));
      } catch (error) {
        if (!hasFailed) this.#warn(what, error, subject);
        hasFailed = true;
        return undefined;
      }
    };
  }

  #warn(what: string, error: unknown, subject: Labels = {}): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#logger.warn(what, { ...subject, error: reason });
  }

  async close(): Promise<void> {
    const folder = await this.#folder;
    this.#folder = Promise.resolve(undefined);
    await folder?.close();
  }

  #open(): Promise<StateFolder | undefined> {
    this.#folder ??= openStateFolder(this.#path, this.#now(), this.#keepsKeys, this.#urls).catch(
      (error: unknown) => {
        this.#warn("cannot open the state folder: a restart will read all snapshots again", error);
        return undefined;
      },
    );
    return this.#folder;
  }
}

import { setImmediate as turn } from "node:timers/promises";

import { callHook } from "../collect/outcome.ts";
import type { CollectionHook, JobOutcome } from "../collect/outcome.ts";
import type { Store } from "../collect/store.ts";
import type { AgentError } from "../core/error.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import { AllowedTimes } from "../expectations/allowed-times.ts";
import { ExpectationBook } from "../expectations/book.ts";
import { HostNames } from "../expectations/host-names.ts";
import { decodeKeptSlots, encodeKeptSlots } from "../expectations/kept-slots.ts";
import { overviewOf } from "../expectations/overview.ts";
import type { Expectations } from "../expectations/overview.ts";
import { expectationTables } from "../expectations/tables.ts";
import type { BoundTable } from "../metrics/bound-table.ts";
import { regrouped } from "../restic/backup-sets.ts";
import type { SettingsRules } from "../restic/backup-sets.ts";
import type { StateDir } from "../restic/state-dir/state-dir.ts";
import type { BackupSet, RepositoryState } from "../restic/state.ts";
import { NO_EXPECTATIONS } from "../settings/expectations/expectations.ts";
import type { MonitorSettings } from "./monitor-settings.ts";
import { setTables } from "./set-tables.ts";
import { ShownSets } from "./shown-sets.ts";
import type { ShownPage } from "./shown-sets.ts";
import { vanishedTable } from "./vanished.ts";

const MAX_SLOTS = 20_000;

export interface ExpectedOptions {
  readonly store: Store<RepositoryState>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stateDir: StateDir | undefined;
  /** Ids of the snapshots of a repository that cannot be restored. */
  readonly unrestorableOf: (url: string) => readonly string[];
}

/** The expectations of a monitor over its store. */
export class Expected {
  readonly tables: readonly BoundTable[];
  /** The metrics of backup sets and of groups. */
  readonly setTables: readonly BoundTable[];
  readonly #options: ExpectedOptions;
  readonly #names: HostNames;
  readonly #times = new AllowedTimes();
  readonly #book: ExpectationBook;
  readonly #shown = new ShownSets((set) => this.#book.isExpected(set));
  /** Slots had no series at the end of the last collection. */
  #areHidden = false;
  /** The kept slots as they are in the state folder; undefined: not read yet. */
  #kept: string | undefined;
  #restored: Promise<void> | undefined;
  /** The work after the last collection. */
  #finished: Promise<void> = Promise.resolve();

  /** @param legacyLabel adds `isLegacy` to two metrics of backup sets */
  constructor(options: ExpectedOptions, legacyLabel: boolean) {
    this.#options = options;
    this.#book = new ExpectationBook(options.unrestorableOf);
    this.#names = new HostNames(options.logger);
    this.setTables = setTables(legacyLabel, () => this.#pages());
    const vanished = vanishedTable(
      () => options.store.entries(),
      () => ({ nameOf: this.#names.of, retired: this.#book.settings.retired }),
    );
    const expected = expectationTables(
      () => {
        this.#pages();
        return this.#book;
      },
      () => options.clock.now(),
      (set) => this.#shown.isShown(set),
    );
    // Without a state folder a restart forgets them.
    this.tables = options.stateDir ? [...expected, vanished] : expected;
  }

  /** All expectations with their slots, as of now. Does no I/O. */
  now(): Expectations {
    return overviewOf(this.#current(), this.#options.clock.now());
  }

  /**
   * Evaluates what changed, and lets other work run in between: the first evaluation of many backup sets takes a second. Without it `now`
   * and the tables evaluate at once. Never rejects.
   */
  async refresh(): Promise<void> {
    const { store, clock } = this.#options;
    for (const _ of this.#book.readAhead(store.entries(), clock.now())) await turn();
    for (const _ of this.#book.updateInSteps(store.entries(), clock.now())) await turn();
  }

  #current(): ExpectationBook {
    const { store, clock } = this.#options;
    this.#book.update(store.entries(), clock.now());
    return this.#book;
  }

  #pages(): readonly ShownPage[] {
    this.#current();
    return this.#shown.pages(this.#options.store.entries());
  }

  /** Says that not all backup sets of a repository have series; undefined: all have. */
  readonly problemOf = (sets: readonly BackupSet[]): AgentError | undefined =>
    this.#shown.problemOf(sets);

  /** The rules of the backup sets of a repository: other functions after each change of settings. */
  readonly rulesOf = (url: string): SettingsRules => ({
    nameOf: this.#names.of,
    allowsTime: this.#times.of(url),
  });

  /** Takes effect at once, on what is in the store too. */
  reload(settings: MonitorSettings): void {
    const { repositories, expectations = NO_EXPECTATIONS, maxSlots = MAX_SLOTS } = settings;
    const { store, clock } = this.#options;
    const isRenamed = expectations.text !== this.#book.settings.text;
    if (isRenamed) this.#names.configure(expectations.renames);
    this.#times.configure(expectations.expectations);
    store.translate((state, { url = "" }) => {
      const rules = { ...this.rulesOf(url), now: clock.now() };
      const { content } = state;
      const isSame = !isRenamed && content?.dating?.allowsTime === rules.allowsTime;
      return content && !isSame ? { ...state, content: regrouped(url, content, rules) } : state;
    });
    this.#shown.configure(settings);
    this.#book.configure(
      expectations,
      repositories.map(({ url }) => url),
      maxSlots,
    );
  }

  /** Takes over the slots of globs from before a restart, once there are expectations. Never rejects. */
  async restore(): Promise<void> {
    if (this.#book.settings.expectations.length > 0) await (this.#restored ??= this.#restore());
  }

  async #restore(): Promise<void> {
    const text = (await this.#options.stateDir?.loadSlots()) ?? "";
    this.#kept = text;
    if (text === "") return;
    const kept = decodeKeptSlots(text);
    if (kept) this.#book.restore(kept);
    else this.#options.logger.warn("the kept slots of expectations are not valid: discarding them");
  }

  /** Keeps the slots of globs over a restart, and calls the hook, for which it does not wait. Never rejects. */
  finished(outcome: JobOutcome, hook: CollectionHook | undefined): Promise<void> {
    // The state folder takes one text at a time.
    const before = this.#finished.catch(() => {});
    this.#finished = before.then(() => this.#finish(outcome, hook));
    return this.#finished;
  }

  /** Resolves with the value when the work after the last collection is done. */
  async settled<T>(value: T): Promise<T> {
    await this.#finished;
    return value;
  }

  async #finish(outcome: JobOutcome, hook: CollectionHook | undefined): Promise<void> {
    const { stateDir, logger } = this.#options;
    await this.restore();
    await this.refresh();
    const text = encodeKeptSlots(this.#current().kept());
    this.#logHidden();
    void callHook(hook, outcome, logger);
    if (text === this.#kept || this.#kept === undefined) return;
    this.#kept = text;
    await stateDir?.keepSlots(text);
  }

  /** Logs when slots are hidden, and when all are shown again. */
  #logHidden(): void {
    const { logger } = this.#options;
    const { hiddenSlots } = this.#book;
    if (hiddenSlots > 0 && !this.#areHidden)
      logger.warn(
        `${hiddenSlots} slots of expectations are not shown: raise maxSlots, or name fewer hosts by globs`,
      );
    if (hiddenSlots === 0 && this.#areHidden) logger.info("all slots of expectations are shown");
    this.#areHidden = hiddenSlots > 0;
  }
}

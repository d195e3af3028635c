import type { Store } from "../collect/store.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import { ExpectationBook } from "../expectations/book.ts";
import { HostNames } from "../expectations/host-names.ts";
import { overviewOf } from "../expectations/overview.ts";
import type { Expectations } from "../expectations/overview.ts";
import { expectationTables } from "../expectations/tables.ts";
import type { BoundTable } from "../metrics/bound-table.ts";
import { renamed } from "../restic/backup-sets.ts";
import type { RepositoryState } from "../restic/state.ts";
import { NO_EXPECTATIONS } from "../settings/expectations/expectations.ts";
import type { MonitorSettings } from "./monitor-settings.ts";

const MAX_SLOTS = 20_000;

/** The expectations of a monitor over its store. */
export class Expected {
  readonly tables: readonly BoundTable[];
  readonly #store: Store<RepositoryState>;
  readonly #clock: Clock;
  readonly #names: HostNames;
  readonly #book = new ExpectationBook();

  constructor(store: Store<RepositoryState>, clock: Clock, logger: Logger) {
    this.#store = store;
    this.#clock = clock;
    this.#names = new HostNames(logger);
    this.tables = expectationTables(
      () => this.#current(),
      () => clock.now(),
    );
  }

  /** What is expected and what of it is there, as of now. Does no I/O. */
  now(): Expectations {
    return overviewOf(this.#current(), this.#clock.now());
  }

  #current(): ExpectationBook {
    this.#book.update(this.#store.entries(), this.#clock.now());
    return this.#book;
  }

  /** The name under which a host is shown. */
  readonly nameOf = (hostname: string): string => this.#names.of(hostname);

  /** Takes effect at once, on what is in the store too. */
  reload(settings: MonitorSettings): void {
    const { repositories, expectations = NO_EXPECTATIONS, maxSlots = MAX_SLOTS } = settings;
    if (expectations.text !== this.#book.settings.text) {
      this.#names.configure(expectations.renames);
      const rules = { nameOf: this.nameOf, now: this.#clock.now() };
      this.#store.translate((state, { url = "" }) => {
        const { content } = state;
        return content ? { ...state, content: renamed(url, content, rules) } : state;
      });
    }
    this.#book.configure(
      expectations,
      repositories.map(({ url }) => url),
      maxSlots,
    );
  }
}

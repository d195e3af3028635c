import { unlessAborted, waitFor } from "../core/abort.ts";
import { AgentError, toAgentError } from "../core/error.ts";
import type { Clock } from "../core/clock.ts";
import { formatDuration } from "../core/duration.ts";
import type { Logger } from "../core/log.ts";
import type { Labels, StoreEntry } from "../core/source.ts";
import { withTimeLimit } from "../core/time-limit.ts";
import type { Store } from "../collect/store.ts";
import { boundTable, never } from "../metrics/bound-table.ts";
import type { BoundTable } from "../metrics/bound-table.ts";
import { INVENTORY_METRICS } from "../restic/metrics/tables.ts";
import type { InventoryKeeper } from "../restic/inventory/keeper.ts";
import type { MemoryBudget } from "../restic/inventory/kept-index.ts";
import type { StateDir } from "../restic/state-dir/state-dir.ts";
import type { RepositoryState, Snapshot } from "../restic/state.ts";
import { inventoryOf } from "../settings/inventory.ts";
import type { Taken } from "./run-inventory.ts";
import type { InventoryEntry, Outcome, Plan } from "./inventory-plan.ts";
import type { MonitorSettings } from "./monitor-settings.ts";
import type { RepositorySources } from "./repository-sources.ts";

/** A repository that no collection has opened yet is looked at again after this time. */
const LOOK_MS = 60_000;

/** A failed inventory is repeated after this time, or after the interval of its repository if that is shorter. */
const RETRY_MS = 3_600_000;

/** Without a state folder: for the index files of all repositories between two inventories. */
const MEMORY_BYTES = 64 * 2 ** 20;

export interface InventoriesOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: Store<RepositoryState>;
  readonly stateDir: StateDir | undefined;
  readonly sources: Pick<RepositorySources, "sourceOf">;
}

/** Takes the inventories of all repositories on their own schedule, one at a time in the agent, beside collections. */
export class Inventories {
  readonly table: BoundTable;
  readonly #options: InventoriesOptions;
  #plans: ReadonlyMap<string, Plan> = new Map();
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #budget: MemoryBudget | undefined;
  #isStarted = false;
  /** Aborted when the plans change. */
  #waiting = new AbortController();

  constructor(options: InventoriesOptions) {
    this.#options = options;
    this.table = boundTable(INVENTORY_METRICS, () => this.entries(), never);
  }

  /** Of each repository with inventories. An entry is the same object as long as nothing in it changed. */
  entries(): readonly InventoryEntry[] {
    return [...this.#plans.values()].flatMap((plan) => this.#validEntry(plan) ?? []);
  }

  /** Ids of the snapshots that the last inventory of a repository found unrestorable. */
  unrestorableOf(url: string): readonly string[] {
    const plan = this.#plans.get(url);
    const ids = plan?.entry.inventory?.unrestorable ?? [];
    // Asked for each repository at each scrape, and almost always empty.
    return plan && ids.length > 0 && this.#validEntry(plan) ? ids : [];
  }

  /** undefined: another repository has taken the place of the one that was looked at. */
  #validEntry({ entry, repositoryId }: Plan): InventoryEntry | undefined {
    return !entry.inventory || repositoryId === this.#idOf(entry.subject) ? entry : undefined;
  }

  /** Takes effect at once, but for an inventory that is running. */
  configure({ repositories, inventory }: MonitorSettings): void {
    const previous = this.#plans;
    const plans = new Map<string, Plan>();
    for (const { url, inventory: own } of repositories) {
      const settings = inventoryOf(own, inventory);
      if (!settings) continue;
      const known = previous.get(url);
      const keeper = known?.keeper ?? this.#keeperOf(url);
      const entry = known?.entry ?? { subject: { url }, inventory: undefined, error: undefined };
      const at = known?.entry.inventory?.at;
      const dueAt = at === undefined ? 0 : at + settings.everyMs;
      plans.set(url, { settings, keeper, entry, repositoryId: known?.repositoryId, dueAt });
    }
    for (const [url, { keeper }] of previous)
      if (!plans.has(url)) void keeper.then((one) => one.forget());
    this.#plans = plans;
    this.wake();
    this.#run();
  }

  start(): void {
    this.#isStarted = true;
    this.#run();
  }

  /** A collection has finished: repositories may be open that were not. */
  wake(): void {
    this.#waiting.abort();
  }

  /** Aborts a running inventory. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#stopping.abort(new AgentError("other", "the agent stops"));
    this.wake();
    await this.#running;
  }

  /** Starts the loop, unless nothing is to be done. */
  #run(): void {
    if (!this.#isStarted || this.#plans.size === 0) return;
    this.#running ??= this.#loop(this.#stopping.signal).finally(() => {
      this.#running = undefined;
    });
  }

  async #loop(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#plans.size > 0) {
      const next = this.#next();
      if (next) await this.#take(next, signal);
      else await this.#wait(signal);
    }
  }

  /** The URL of the open repository whose inventory is due for the longest time. */
  #next(): string | undefined {
    const now = this.#options.clock.now();
    // The clock was ahead if it is due in more than its interval.
    const isDue = ({ dueAt, settings }: Plan): boolean =>
      dueAt <= now || dueAt > now + settings.everyMs;
    const due = [...this.#plans].filter(
      ([url, plan]) => isDue(plan) && this.#openEntry(url) !== undefined,
    );
    const [first] = due.toSorted(([, a], [, b]) => a.dueAt - b.dueAt);
    return first?.[0];
  }

  /** Until an inventory is due or plans change, at most a minute: a repository may be open then. */
  async #wait(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    this.#waiting = new AbortController();
    const either = AbortSignal.any([signal, this.#waiting.signal]);
    const times = [...this.#plans.values()].map(({ dueAt }) => dueAt - clock.now());
    const waits = times.filter((ms) => ms > 0);
    await unlessAborted(clock.sleep(Math.min(LOOK_MS, ...waits), either), either);
  }

  async #take(url: string, signal: AbortSignal): Promise<void> {
    const plan = this.#plans.get(url);
    if (!plan) return;
    const { clock, logger } = this.#options;
    const { everyMs, timeoutMs } = plan.settings;
    const { subject, error: before, inventory } = plan.entry;
    const late = new AgentError("timeout", `not finished within ${formatDuration(timeoutMs)}`);
    try {
      const taken = await withTimeLimit(timeoutMs, late, clock, (limit) => {
        const either = AbortSignal.any([signal, limit]);
        return waitFor(this.#inspect(url, plan, either), either);
      });
      const dueAt = taken ? taken.inventory.at + everyMs : clock.now() + LOOK_MS;
      if (before && taken) logger.info("inventory recovered", subject);
      this.#record(url, plan, { ...taken, dueAt, error: undefined });
    } catch (thrown) {
      if (signal.aborted) return;
      const error = toAgentError(thrown);
      if (error.code !== before?.code)
        logger.warn("inventory failed", {
          ...subject,
          error_type: error.code,
          error: error.message,
        });
      const dueAt = clock.now() + Math.min(everyMs, RETRY_MS);
      this.#record(url, plan, { inventory, dueAt, error });
    }
  }

  async #inspect(url: string, plan: Plan, signal: AbortSignal): Promise<Taken | undefined> {
    const { clock, logger, sources } = this.#options;
    const { settings, repositoryId, entry } = plan;
    const keeper = await plan.keeper;
    const { runInventory } = await import("./run-inventory.ts");
    const options = { keeper, settings, repositoryId, snapshots: () => this.#snapshots(url) };
    return sources
      .sourceOf(url)
      ?.inspect(
        (view) => runInventory(view, { ...options, clock, logger, subject: entry.subject }, signal),
        signal,
      );
  }

  /** Unless the settings changed in the meantime. */
  #record(
    url: string,
    { keeper, repositoryId, entry: { subject } }: Plan,
    { inventory, error, dueAt, repositoryId: id = repositoryId }: Outcome,
  ): void {
    const current = this.#plans.get(url);
    if (current?.keeper !== keeper) return;
    const entry = { subject, inventory, error };
    const plan = { ...current, entry, repositoryId: id, dueAt };
    this.#plans = new Map([...this.#plans, [url, plan]]);
  }

  #snapshots(url: string): readonly Snapshot[] {
    const sets = this.#openEntry(url)?.state?.content?.sets ?? [];
    return sets.flatMap(({ members }) => members);
  }

  /** The entry of a repository whose last collection was complete. */
  #openEntry(url: string): StoreEntry<RepositoryState> | undefined {
    const entry = this.#options.store.get({ url });
    return entry?.attempt.complete === true ? entry : undefined;
  }

  #idOf(subject: Labels): string | undefined {
    return this.#options.store.get(subject)?.state?.content?.config.id;
  }

  async #keeperOf(url: string): Promise<InventoryKeeper> {
    const { InventoryInMemory } = await import("../restic/inventory/keeper.ts");
    const { MemoryBudget } = await import("../restic/inventory/kept-index.ts");
    this.#budget ??= new MemoryBudget(MEMORY_BYTES);
    const inMemory = new InventoryInMemory(this.#budget);
    return this.#options.stateDir?.inventoriesOf(url, inMemory) ?? inMemory;
  }
}

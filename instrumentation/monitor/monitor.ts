import { Collector } from "../collect/collector.ts";
import type { JobOutcome } from "../collect/outcome.ts";
import { boundTable, never } from "../metrics/bound-table.ts";
import type { BoundTable } from "../metrics/bound-table.ts";
import { bindMetrics } from "../metrics/observable-gauges.ts";
import type { Meter } from "../metrics/observable-gauges.ts";
import { runSourceSet } from "../collect/running-source-set.ts";
import type { RunningSourceSet } from "../collect/running-source-set.ts";
import { parseSchedule } from "../collect/schedule.ts";
import type { Store } from "../collect/store.ts";
import { systemClock } from "../core/clock.ts";
import type { Clock } from "../core/clock.ts";
import { KnownSecrets } from "../core/known-secrets.ts";
import type { Logger } from "../core/log.ts";
import type { Secret, SecretResolver } from "../core/secret.ts";
import { backendOpener } from "../backends/open.ts";
import { Expected } from "./expected.ts";
import { ngosangTables } from "./ngosang-tables.ts";
import { Inventories } from "./inventories.ts";
import { RepositorySources } from "./repository-sources.ts";
import type { Opening, ParallelLimits } from "./repository-sources.ts";
import { StateDir } from "../restic/state-dir/state-dir.ts";
import {
  CHANGE_METRICS,
  JOB_METRICS,
  REPOSITORY_METRICS,
  SECRET_METRICS,
} from "../restic/metrics/tables.ts";
import type { SecretEntry } from "../restic/metrics/tables.ts";
import type { RepositoryState } from "../restic/state.ts";
import { resolversWith } from "../secrets/resolvers.ts";
import type { MonitorOptions } from "./monitor-options.ts";
import type { MonitorSettings } from "./monitor-settings.ts";
import { VAULT_METRICS } from "../vault/metrics.ts";
import { ReloadableVaultResolver } from "../vault/reloadable-resolver.ts";
import { VAULT_DISABLED } from "../vault/settings.ts";

const NO_LOG: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** Collects repositories on a schedule into a store, and binds their metrics to a meter. */
export class Monitor {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #collector: Collector<RepositoryState>;
  readonly #sourceSets: readonly RunningSourceSet[];
  readonly #vault: ReloadableVaultResolver;
  readonly #stateDir: StateDir | undefined;
  readonly #sources: RepositorySources;
  /** All expectations with their slots. */
  readonly expected: Expected;
  readonly inventories: Inventories;
  /** All resolvers, by scheme. */
  readonly resolvers: ReadonlyMap<string, SecretResolver>;
  /** The metrics of the job, of backup sets and repositories, and of other sources. */
  readonly tables: readonly BoundTable[];
  /** The metrics of the monitor itself. */
  readonly ownTables: readonly BoundTable[];
  #isStarted = false;
  #isStopped = false;
  #refreshMs: number | undefined;
  /** Aborted when the periodic refresh of secrets must end. */
  #refresh = new AbortController();

  constructor(settings: MonitorSettings, options: MonitorOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? NO_LOG;
    this.#collector = new Collector({
      clock: this.#clock,
      logger: this.#logger,
      finished: (outcome) => {
        this.#stateDir?.collectionEnded();
        this.inventories.wake();
        return this.expected.finished(outcome, options.onCollection);
      },
      startSpan: options.startSpan,
    });
    const host = { clock: this.#clock, logger: this.#logger, startSpan: options.startSpan };
    this.#sourceSets = (options.sources ?? []).map((sourceSet) => runSourceSet(sourceSet, host));
    const env = options.processEnvironment ?? process.env;
    const secrets = new KnownSecrets(env);
    const onSecret = (name: string, secret: Secret): void => secrets.note(`Vault ${name}`, secret);
    this.#vault = new ReloadableVaultResolver({ ...host, proxyEnvironment: env, onSecret });
    this.resolvers = secrets.noting(resolversWith([this.#vault, ...(options.resolvers ?? [])]));
    const now = (): number => this.#clock.now();
    const { stateDir, stateKeys } = settings;
    this.#stateDir =
      stateDir === undefined ? undefined : new StateDir(stateDir, this.#logger, now, stateKeys);
    const stored = { store: this.store, stateDir: this.#stateDir };
    const unrestorableOf = (url: string): readonly string[] => this.inventories.unrestorableOf(url);
    this.expected = new Expected({ ...host, ...stored, unrestorableOf }, settings.legacyLabel);
    this.#sources = new RepositorySources({
      ...host,
      settingsRules: this.expected.rulesOf,
      problemOf: this.expected.problemOf,
      processEnvironment: env,
      resolvers: this.resolvers,
      openBackend: backendOpener(options.backends, secrets),
      secrets,
      stateDir: this.#stateDir,
      onKeyDerivation: options.onKeyDerivation,
    });
    this.inventories = new Inventories({ ...host, ...stored, sources: this.#sources });
    this.tables = this.#boundTables(settings);
    this.ownTables = [boundTable(VAULT_METRICS, () => this.#vault.states)];
    this.reload(settings);
  }

  get store(): Store<RepositoryState> {
    return this.#collector.store;
  }

  /** Every repository and every other source has finished an attempt, with or without success. */
  get ready(): boolean {
    return this.#collector.ready && this.#sourceSets.every(({ collector }) => collector.ready);
  }

  /** The label `url` of every configured repository. */
  get urls(): readonly string[] {
    return this.#sources.urls;
  }

  /** Starts a collection at once, then collections on the schedule. */
  start(): void {
    this.#isStarted = true;
    this.#restartSecretRefresh();
    void this.expected.restore();
    this.#collector.start();
    this.inventories.start();
    for (const { collector } of this.#sourceSets) collector.start();
  }

  /** The running collection of repositories, with the work after it. */
  get currentCollection(): Promise<JobOutcome> | undefined {
    return this.#collector.currentCollection?.then((ended) => this.expected.settled(ended));
  }

  /**
   * Starts a collection of all repositories and other sources; undefined while one is running.
   * @param options.listKeys list the keys of each repository, so that a changed password shows at once
   */
  collect({ listKeys = false } = {}): Promise<JobOutcome> | undefined {
    if (listKeys && !this.#collector.collecting) this.#sources.doubtKeys();
    const others = this.#sourceSets.map(({ collector }) => collector.collect());
    const outcome = this.#collector.collect();
    const all = outcome && Promise.all([outcome, ...others]);
    return all?.then(([ended]) => this.expected.settled(ended));
  }

  /** Opens config and a key of each repository, in parallel as collections are. Reads no snapshot, records nothing. */
  open(limits: ParallelLimits): readonly Opening[] {
    return this.#sources.open(limits);
  }

  /** When the next scheduled collection begins, milliseconds since the epoch. */
  nextAt(): number | undefined {
    return this.#collector.nextAt();
  }

  /** `stop` was called. It aborts the running collection. */
  get stopped(): boolean {
    return this.#isStopped;
  }

  /** Aborts the running collection, and revokes a Vault token that came from a login. Takes up to 2 s. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#isStopped = true;
    this.#refresh.abort();
    await Promise.all([
      this.#collector.stop(),
      this.inventories.stop(),
      this.#vault.stop(),
      ...this.#sourceSets.map(({ collector }) => collector.stop()),
    ]);
    await this.expected.settled(undefined);
    await this.#stateDir?.close();
  }

  /**
   * Applies the schedule, expectations and the settings of Vault at once, all others with the next collection. Snapshots that were
   * read are not read again. All secrets are resolved again. Changes of `legacyLabel`, `stateDir` and `stateKeys`
   * are ignored.
   */
  reload(settings: MonitorSettings): void {
    const { vault = VAULT_DISABLED } = settings;
    this.#vault.configure(vault);
    this.expected.reload(settings);
    const sources = this.#sources.configure(settings);
    const shared = {
      schedule: parseSchedule(settings.cron, settings.timezone),
      timeoutMs: settings.timeoutMs,
      concurrency: settings.concurrency,
      retryFailed: settings.retryFailed,
      spread: settings.spread === true,
    };
    this.#collector.configure(sources, shared);
    this.inventories.configure(settings);
    for (const sourceSet of this.#sourceSets) sourceSet.configure(shared);
    this.#refreshMs = "disabledReason" in vault ? undefined : vault.refreshMs;
    this.#restartSecretRefresh();
  }

  #restartSecretRefresh(): void {
    this.#refresh.abort();
    this.#refresh = new AbortController();
    if (this.#isStarted && this.#refreshMs !== undefined)
      void this.#sources.refreshSecrets(this.#refreshMs, this.#refresh.signal);
  }

  #boundTables({ compat }: MonitorSettings): readonly BoundTable[] {
    const { store } = this;
    return [
      boundTable(JOB_METRICS, () =>
        store.job ? [{ job: store.job, repositories: [...store.entries()] }] : [],
      ),
      ...this.expected.setTables,
      // The store replaces an entry, and does not change it.
      boundTable(REPOSITORY_METRICS, () => store.entries(), never),
      boundTable(CHANGE_METRICS, () => store.entries(), never),
      boundTable(
        SECRET_METRICS,
        () => this.#secrets(),
        (_, now) => now,
      ),
      this.inventories.table,
      ...(compat === "ngosang" ? ngosangTables(store, () => this.inventories.entries()) : []),
      ...this.expected.tables,
      ...this.#sourceSets.map(({ table }) => table),
    ];
  }

  *#secrets(): Generator<SecretEntry> {
    for (const { subject } of this.store.entries())
      yield { subject, resolvedAt: this.#sources.secretsResolvedAt(subject["url"] ?? "") };
  }

  /** Binds `tables` and `ownTables` to observable gauges of a meter. Returns a function that unbinds them. */
  bindAll(meter: Meter): () => void {
    return bindMetrics(meter, [...this.tables, ...this.ownTables], () => this.#clock.now());
  }
}

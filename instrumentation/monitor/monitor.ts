import { Collector } from "../collect/collector.ts";
import type { CollectionHook, JobOutcome } from "../collect/outcome.ts";
import { bindMetrics, boundTable } from "../metrics/observable-gauges.ts";
import type { BoundTable, Meter } from "../metrics/observable-gauges.ts";
import { runSourceSet } from "../collect/running-source-set.ts";
import type { RunningSourceSet } from "../collect/running-source-set.ts";
import { parseSchedule } from "../collect/schedule.ts";
import type { Store } from "../collect/store.ts";
import { systemClock } from "../core/clock.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import type { StartSpan } from "../core/tracer.ts";
import type { SecretResolver } from "../core/secret.ts";
import { backendOpener } from "../backends/open.ts";
import type { Extensions } from "./extensions.ts";
import { RepositorySources } from "./repository-sources.ts";
import { StateDir } from "../restic/state-dir/state-dir.ts";
import { JOB_METRICS, repositoryMetrics, SECRET_METRICS } from "../restic/metrics/tables.ts";
import type { SecretEntry } from "../restic/metrics/tables.ts";
import { agesAt } from "../restic/state.ts";
import type { RepositoryState } from "../restic/state.ts";
import { resolversWith } from "../secrets/resolvers.ts";
import type { MonitorSettings } from "./monitor-settings.ts";
import { VAULT_METRICS } from "../vault/metrics.ts";
import { ReloadableVaultResolver } from "../vault/reloadable-resolver.ts";
import { VAULT_DISABLED } from "../vault/settings.ts";

export interface MonitorOptions extends Extensions {
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Where `HTTP_PROXY`, restic's variables and those of storage providers are read. Default: the environment of the process. */
  readonly processEnvironment?: Readonly<Record<string, string | undefined>>;
  /** Called when a whole collection has ended; what was read is in the store. */
  readonly onCollection?: CollectionHook | undefined;
  /** One span a collection of a repository. */
  readonly startSpan?: StartSpan | undefined;
}

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** The line from settings to the store, assembled: collects repositories on a schedule and binds what it knows to a meter. */
export class Monitor {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #collector: Collector<RepositoryState>;
  readonly #sourceSets: readonly RunningSourceSet[];
  readonly #vault: ReloadableVaultResolver;
  readonly #stateDir: StateDir | undefined;
  readonly #sources: RepositorySources;
  readonly #legacyLabel: boolean;
  /** Every way to a secret. */
  readonly resolvers: ReadonlyMap<string, SecretResolver>;
  #isStarted = false;
  #isStopped = false;
  #refreshMs: number | undefined;
  #refreshing = new AbortController();

  constructor(settings: MonitorSettings, options: MonitorOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? SILENT;
    this.#collector = new Collector({
      clock: this.#clock,
      logger: this.#logger,
      finished: options.onCollection,
      startSpan: options.startSpan,
    });
    const host = { clock: this.#clock, logger: this.#logger, startSpan: options.startSpan };
    this.#sourceSets = (options.sources ?? []).map((sourceSet) => runSourceSet(sourceSet, host));
    const processEnvironment = options.processEnvironment ?? process.env;
    this.#vault = new ReloadableVaultResolver({ ...host, proxyEnvironment: processEnvironment });
    this.resolvers = resolversWith([this.#vault, ...(options.resolvers ?? [])]);
    this.#stateDir =
      settings.stateDir === undefined
        ? undefined
        : new StateDir(settings.stateDir, this.#logger, () => this.#clock.now());
    this.#sources = new RepositorySources({
      ...host,
      processEnvironment,
      resolvers: this.resolvers,
      openBackend: backendOpener(options.backends),
      stateDir: this.#stateDir,
    });
    this.#legacyLabel = settings.legacyLabel;
    this.reload(settings);
  }

  get store(): Store<RepositoryState> {
    return this.#collector.store;
  }

  /** Every repository was read, or has failed, once; and so was everything else. */
  get ready(): boolean {
    return this.#collector.ready && this.#sourceSets.every(({ ready }) => ready);
  }

  /** Grows with every change of what the metrics show. */
  get version(): number {
    const own = this.store.version + this.#sources.refreshes;
    return this.#sourceSets.reduce((sum, { version }) => sum + version, own);
  }

  /** The repositories that are to be collected, without credentials. */
  get urls(): readonly string[] {
    return this.#sources.urls;
  }

  /** One collection at once, then by the schedule. */
  start(): void {
    this.#isStarted = true;
    this.#keepSecretsFresh();
    this.#collector.start();
    for (const sourceSet of this.#sourceSets) sourceSet.start();
  }

  /** The collection of repositories that runs. */
  get currentCollection(): Promise<JobOutcome> | undefined {
    return this.#collector.currentCollection;
  }

  /** A collection of all repositories now; undefined while one runs. */
  collect(): Promise<JobOutcome> | undefined {
    const others = this.#sourceSets.map((sourceSet) => sourceSet.collect());
    const outcome = this.#collector.collect();
    return outcome && Promise.all([outcome, ...others]).then(() => outcome);
  }

  /** When the next scheduled collection begins, milliseconds since the epoch. */
  nextAt(): number | undefined {
    return this.#collector.nextAt();
  }

  /** Nothing is collected any more, and what was under way has ended before its time. */
  get stopped(): boolean {
    return this.#isStopped;
  }

  /** Ends what is under way, and revokes the token of a login to Vault. Takes up to 2 s. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#isStopped = true;
    this.#refreshing.abort();
    await Promise.all([
      this.#collector.stop(),
      this.#vault.stop(),
      ...this.#sourceSets.map((one) => one.stop()),
    ]);
    await this.#stateDir?.close();
  }

  /**
   * Takes settings over with the next collection, schedule and Vault at once. Repositories whose settings are the same keep
   * what was read of them; secrets are resolved anew for all. `legacyLabel` and `stateDir` stay as they were.
   */
  reload(settings: MonitorSettings): void {
    const { vault = VAULT_DISABLED } = settings;
    this.#vault.configure(vault);
    const sources = this.#sources.configure(settings);
    const shared = {
      schedule: parseSchedule(settings.cron, settings.timezone),
      timeoutMs: settings.timeoutMs,
      concurrency: settings.concurrency,
      retryFailed: settings.retryFailed,
      spread: settings.spread === true,
    };
    this.#collector.configure(sources, shared);
    for (const sourceSet of this.#sourceSets) sourceSet.configure(shared);
    this.#refreshMs = "disabledReason" in vault ? undefined : vault.refreshMs;
    this.#keepSecretsFresh();
  }

  #keepSecretsFresh(): void {
    this.#refreshing.abort();
    this.#refreshing = new AbortController();
    if (this.#isStarted && this.#refreshMs !== undefined)
      void this.#sources.keepFresh(this.#refreshMs, this.#refreshing.signal);
  }

  /** All that is shown: the job, repositories with their backup sets, and what others have added. */
  get tables(): readonly BoundTable[] {
    const { store } = this;
    return [
      boundTable(JOB_METRICS, () =>
        store.job ? [{ job: store.job, repositories: [...store.entries()] }] : [],
      ),
      boundTable(repositoryMetrics(this.#legacyLabel), () => store.entries()),
      boundTable(SECRET_METRICS, () => this.#secrets()),
      ...this.#sourceSets.map(({ table }) => table),
    ];
  }

  /** `tables` if every metric of them has one point for each set of labels, which nobody knows of what others have added. */
  get uniqueTables(): readonly BoundTable[] | undefined {
    return this.#sourceSets.length === 0 ? this.tables : undefined;
  }

  /** What is shown of the monitor's own means: it may change at any time, and `version` does not tell. */
  get ownTables(): readonly BoundTable[] {
    return [boundTable(VAULT_METRICS, () => this.#vault.states)];
  }

  *#secrets(): Generator<SecretEntry> {
    for (const { subject } of this.store.entries())
      yield { subject, resolvedAt: this.#sources.secretsResolvedAt(subject["url"] ?? "") };
  }

  /** Binds the metrics of all that is monitored to observable gauges of a meter; returns what unbinds them. */
  bind(meter: Meter): () => void {
    return bindMetrics(meter, this.tables, () => this.#clock.now());
  }

  /** The same, and the monitor's own. */
  bindAll(meter: Meter): () => void {
    return bindMetrics(meter, [...this.tables, ...this.ownTables], () => this.#clock.now());
  }

  /** Until when, milliseconds since the epoch, the metrics at `now` stay as they are, if nothing is collected. */
  validUntil(now: number): number {
    // Nobody says when the metrics of others change by themselves.
    if (this.#sourceSets.length > 0) return now;
    let until = Infinity;
    for (const { state } of this.store.entries())
      if (state?.content) until = Math.min(until, agesAt(state.content.sets, now).until);
    return until;
  }
}

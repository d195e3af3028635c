import { isDeepStrictEqual } from "node:util";

import { Collector } from "./collect/collector.ts";
import type { CollectionHook, JobOutcome } from "./collect/job.ts";
import { bindMetrics, boundTable } from "./collect/gauges.ts";
import type { BoundTable, Meter } from "./collect/gauges.ts";
import { runProduct } from "./collect/running-product.ts";
import type { RunningProduct } from "./collect/running-product.ts";
import { parseSchedule } from "./collect/schedule.ts";
import type { Store } from "./collect/store.ts";
import { systemClock } from "./core/clock.ts";
import type { Clock } from "./core/clock.ts";
import type { Logger } from "./core/log.ts";
import { Secret } from "./core/secret.ts";
import type { StartSpan } from "./core/span.ts";
import type { SecretHandle, SecretReference, SecretResolver } from "./core/secret.ts";
import { backendOpener } from "./restic/backend/open.ts";
import type { OpenBackend } from "./restic/backend/open.ts";
import type { Extensions } from "./extensions.ts";
import { JOB_METRICS, repositoryMetrics } from "./restic/metrics.ts";
import { ResticSource } from "./restic/source.ts";
import { nextAgeChange } from "./restic/state.ts";
import type { RepositoryState } from "./restic/state.ts";
import { sameReference } from "./secrets/reference.ts";
import { secretHandle } from "./secrets/handle.ts";
import { schemesWith } from "./secrets/schemes.ts";
import type { MonitorSettings, RepositorySettings } from "./settings.ts";

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

/** `insecure_no_password`: scrypt runs on zero bytes. */
const NO_PASSWORD: SecretReference = { scheme: "literal", reference: new Secret("") };

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** The line from settings to the store, assembled: collects repositories on a schedule and binds what it knows to a meter. */
export class Monitor {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #options: MonitorOptions;
  readonly #collector: Collector<RepositoryState>;
  readonly #products: readonly RunningProduct[];
  readonly #schemes: ReadonlyMap<string, SecretResolver>;
  readonly #openBackend: OpenBackend;
  readonly #sources = new Map<
    string,
    { readonly settings: RepositorySettings; readonly source: ResticSource }
  >();
  readonly #legacyLabel: boolean;
  #settings: MonitorSettings;

  constructor(settings: MonitorSettings, options: MonitorOptions = {}) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? SILENT;
    this.#collector = new Collector({
      clock: this.#clock,
      logger: this.#logger,
      finished: options.onCollection,
      startSpan: options.startSpan,
    });
    const host = { clock: this.#clock, logger: this.#logger, startSpan: options.startSpan };
    this.#products = (options.sources ?? []).map((product) => runProduct(product, host));
    this.#schemes = schemesWith(options.resolvers ?? []);
    this.#openBackend = backendOpener(options.backends);
    this.#legacyLabel = settings.legacyLabel;
    this.#settings = settings;
    this.reload(settings);
  }

  get store(): Store<RepositoryState> {
    return this.#collector.store;
  }

  /** Every repository was read, or has failed, once; and so was everything else. */
  get ready(): boolean {
    return this.#collector.ready && this.#products.every(({ ready }) => ready);
  }

  /** Grows with every change of what the metrics show. */
  get version(): number {
    return this.#products.reduce((sum, { version }) => sum + version, this.store.version);
  }

  /** The repositories that are to be collected, without credentials. */
  get urls(): readonly string[] {
    return [...this.#sources.keys()];
  }

  /** One collection at once, then by the schedule. */
  start(): void {
    this.#collector.start();
    for (const product of this.#products) product.start();
  }

  /** A collection of all repositories now; undefined while one runs. */
  collect(): Promise<JobOutcome> | undefined {
    const others = this.#products.map((product) => product.collect());
    const outcome = this.#collector.collect();
    return outcome && Promise.all([outcome, ...others]).then(() => outcome);
  }

  /** When the next scheduled collection begins, milliseconds since the epoch. */
  nextAt(): number | undefined {
    return this.#collector.nextAt();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#collector.stop(), ...this.#products.map((one) => one.stop())]);
  }

  /**
   * Takes settings over with the next collection, the schedule at once. Repositories whose settings are the same keep what
   * was read of them; secrets are resolved anew for all. `legacyLabel` stays as it was.
   */
  reload(settings: MonitorSettings): void {
    const before = new Map(this.#sources);
    this.#sources.clear();
    for (const repository of settings.repositories) {
      const known = before.get(repository.url);
      if (
        known &&
        sameSettings(known.settings, repository) &&
        settings.reverifyMs === this.#settings.reverifyMs
      ) {
        known.source.refreshSecrets();
        this.#sources.set(repository.url, known);
      } else {
        this.#sources.set(repository.url, {
          settings: repository,
          source: this.#source(repository, settings),
        });
      }
    }
    this.#settings = settings;
    const shared = {
      schedule: parseSchedule(settings.cron, settings.timezone),
      timeoutMs: settings.timeoutMs,
      concurrency: settings.concurrency,
      retryFailed: settings.retryFailed,
    };
    this.#collector.configure(
      [...this.#sources.values()].map(({ source }) => source),
      shared,
    );
    for (const product of this.#products) product.configure(shared);
  }

  /** All that is shown: the job, repositories with their backup sets, and what others have added. */
  get tables(): readonly BoundTable[] {
    const { store } = this;
    return [
      boundTable(JOB_METRICS, () =>
        store.job ? [{ job: store.job, repositories: [...store.entries()] }] : [],
      ),
      boundTable(repositoryMetrics(this.#legacyLabel), () => store.entries()),
      ...this.#products.map(({ table }) => table),
    ];
  }

  /** Binds all metrics to observable gauges of a meter; returns what unbinds them. */
  bind(meter: Meter): () => void {
    return bindMetrics(meter, this.tables, () => this.#clock.now());
  }

  /** Until when, milliseconds since the epoch, the metrics at `now` stay as they are, if nothing is collected. */
  validUntil(now: number): number {
    // Nobody says when the metrics of others change by themselves.
    if (this.#products.length > 0) return now;
    let until = Infinity;
    for (const { state } of this.store.entries()) {
      for (const set of state?.content?.sets ?? [])
        until = Math.min(until, nextAgeChange(set.newest, now));
    }
    return until;
  }

  #source(settings: RepositorySettings, { reverifyMs }: MonitorSettings): ResticSource {
    return new ResticSource({
      url: settings.url,
      repo: settings.repo,
      password: this.#handle(settings.password ?? NO_PASSWORD),
      environment: Object.fromEntries(
        Object.entries(settings.environment).map(([name, reference]) => [
          name,
          this.#handle(reference),
        ]),
      ),
      options: settings.options,
      connections: settings.connections,
      insecureTls: settings.insecureTls,
      reverifyMs,
      openBackend: this.#openBackend,
      processEnvironment: this.#options.processEnvironment ?? process.env,
      clock: this.#clock,
      logger: this.#logger,
    });
  }

  #handle(reference: SecretReference): SecretHandle {
    return secretHandle(reference, this.#schemes, this.#clock);
  }
}

/** True if nothing that is read by changed; a secret may be another one behind the same reference. */
function sameSettings(a: RepositorySettings, b: RepositorySettings): boolean {
  const names = new Set([...Object.keys(a.environment), ...Object.keys(b.environment)]);
  return (
    a.repo.equals(b.repo) &&
    sameReference(a.password, b.password) &&
    isDeepStrictEqual(a.options, b.options) &&
    a.connections === b.connections &&
    a.insecureTls === b.insecureTls &&
    [...names].every((name) => sameReference(a.environment[name], b.environment[name]))
  );
}

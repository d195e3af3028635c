import { diag, metrics, SpanStatusCode, trace } from "@opentelemetry/api";
import type { MeterProvider, TracerProvider } from "@opentelemetry/api";

import type { JobOutcome } from "../collect/outcome.ts";
import { produceMetrics } from "../metrics/metric-producer.ts";
import type { ProducedMetric } from "../metrics/metric-producer.ts";
import { systemClock } from "../core/clock.ts";
import { toAgentError } from "../core/error.ts";
import type { Logger } from "../core/log.ts";
import type { StartSpan, StoreEntry } from "../core/source.ts";
import type { ResticInstrumentationConfig } from "./config.ts";
import { monitorSettings } from "./monitor-settings.ts";
import type { Monitor } from "../monitor/monitor.ts";
import type { RepositoryState } from "../restic/state.ts";
import { NAME, VERSION } from "./version.ts";

/** The structure of a MetricProducer of the SDK (1.x to 3.x). */
interface ResticMetricProducer {
  collect(): Promise<{
    readonly resourceMetrics: {
      /** The SDK ignores it and uses the resource of the MeterProvider. */
      readonly resource: typeof NO_RESOURCE;
      readonly scopeMetrics: {
        readonly scope: { readonly name: string; readonly version: string };
        readonly metrics: ProducedMetric[];
      }[];
    };
    readonly errors: unknown[];
  }>;
}

/** Writes nothing until the application calls `diag.setLogger`. */
const DIAG: Logger = diag.createComponentLogger({ namespace: NAME });

const NO_RESOURCE = { attributes: {}, merge: () => NO_RESOURCE, getRawAttributes: () => [] };

/**
 * Metrics of restic repositories in an application that has an OpenTelemetry SDK. Pass it to `registerInstrumentations` or `NodeSDK`, or
 * call `setMeterProvider` and `enable`. Nothing runs before `enable`, and its timers do not keep the process alive.
 */
export class ResticInstrumentation {
  readonly instrumentationName = NAME;
  readonly instrumentationVersion = VERSION;
  #config: ResticInstrumentationConfig;
  /** Resolves when the monitor has started; undefined while disabled. */
  #enabled: Promise<void> | undefined;
  /** A new object for each `enable`: tells whether `disable` was called in between. */
  #token = {};
  #monitor: Monitor | undefined;
  #meterProvider: MeterProvider | undefined;
  #tracerProvider: TracerProvider | undefined;
  #unbind: (() => void) | undefined;
  #isProduced = false;

  /** @throws AgentError `config` with one line for each problem, also for an unknown option */
  constructor(config: ResticInstrumentationConfig) {
    monitorSettings(config);
    this.#config = config;
  }

  /** Collects now, and then on schedule. */
  enable(): void {
    if (this.#enabled) return;
    const token = (this.#token = {});
    this.#enabled = this.#begin(token).catch((error: unknown) => {
      // Monitoring must not end the application.
      this.#logger.error("cannot be enabled", { error: toAgentError(error).message });
      if (token === this.#token) this.disable();
    });
  }

  /** Stops timers, callbacks and reads, and discards the data. */
  disable(): void {
    const monitor = this.#monitor;
    this.#enabled = undefined;
    this.#monitor = undefined;
    this.#bind();
    void monitor?.stop();
  }

  /** Loads the code that reads repositories, which an application that is not enabled does not need. */
  async #begin(token: object): Promise<void> {
    const { Monitor: LoadedMonitor } = await import("../monitor/monitor.ts");
    if (!this.#enabled || token !== this.#token) return;
    this.#monitor = new LoadedMonitor(monitorSettings(this.#config, this.#logger), {
      ...this.#config,
      logger: this.#logger,
      startSpan: this.#startSpan,
    });
    this.#bind();
    this.#monitor.start();
  }

  get #logger(): Logger {
    return this.#config.logger ?? DIAG;
  }

  getConfig(): ResticInstrumentationConfig & { readonly enabled: boolean } {
    return { ...this.#config, enabled: this.#enabled !== undefined };
  }

  /**
   * Repositories and schedule take effect with the next collection; extensions and hooks after `disable` and `enable`.
   * @throws AgentError `config` with one line for each problem; the old configuration stays
   */
  setConfig(config: ResticInstrumentationConfig): void {
    const settings = monitorSettings(config, config.logger ?? DIAG);
    this.#config = config;
    this.#monitor?.reload(settings);
  }

  /** The last call takes effect. Default: the global MeterProvider at the time of `enable`. */
  setMeterProvider(meterProvider: MeterProvider): void {
    this.#meterProvider = meterProvider;
    this.#bind();
  }

  setTracerProvider(tracerProvider: TracerProvider): void {
    this.#tracerProvider = tracerProvider;
  }

  /** Resolves at the end of the running collection, or of a new one if none is running; with undefined if not enabled. */
  async collect(): Promise<JobOutcome | undefined> {
    await this.#enabled;
    return this.#monitor?.currentCollection ?? this.#monitor?.collect();
  }

  /** The data of each repository, without metrics. */
  state(): readonly StoreEntry<RepositoryState>[] {
    return [...(this.#monitor?.store.entries() ?? [])];
  }

  /** Use `resticMetricProducer`, which has the type of the SDK. */
  metricProducer(): ResticMetricProducer {
    const startMs = systemClock.now();
    this.#isProduced = true;
    this.#bind();
    return {
      collect: async () => {
        const { tables = [], ownTables = [] } = this.#monitor ?? {};
        const produced = produceMetrics([...tables, ...ownTables], startMs, systemClock.now());
        const scope = { name: NAME, version: VERSION };
        const scopeMetrics = produced.length > 0 ? [{ scope, metrics: produced }] : [];
        return { resourceMetrics: { resource: NO_RESOURCE, scopeMetrics }, errors: [] };
      },
    };
  }

  #bind(): void {
    this.#unbind?.();
    this.#unbind = undefined;
    if (!this.#monitor || this.#isProduced) return;
    const provider = this.#meterProvider ?? metrics.getMeterProvider();
    this.#unbind = this.#monitor.bindAll(provider.getMeter(NAME, VERSION));
  }

  /** One span for each collection of a repository, if the application has a tracer. */
  readonly #startSpan: StartSpan = (subject) => {
    const provider = this.#tracerProvider ?? trace.getTracerProvider();
    const span = provider
      .getTracer(NAME, VERSION)
      .startSpan("restic.collect", { attributes: { ...subject } });
    return (error) => {
      if (error) {
        span.setAttribute("error.type", error.code);
        span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
      }
      span.end();
    };
  };
}

/**
 * For `metricProducers` of a stock reader, which needs no `trackVanishingSeries` then, but supports no views. The instrumentation records
 * nothing on a meter any more. The return type is MetricProducer of the SDK in use.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the context of the call infers it
export function resticMetricProducer<MetricProducer>(
  restic: ResticInstrumentation,
): MetricProducer {
  return Object(restic.metricProducer());
}

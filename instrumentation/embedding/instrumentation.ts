import { diag, metrics, SpanStatusCode, trace } from "@opentelemetry/api";
import type { MeterProvider, TracerProvider } from "@opentelemetry/api";

import type { JobOutcome } from "../collect/outcome.ts";
import { produceMetrics } from "../metrics/metric-producer.ts";
import type { ProducedMetric } from "../metrics/metric-producer.ts";
import { systemClock } from "../core/clock.ts";
import { toAgentError } from "../core/error.ts";
import type { Logger } from "../core/log.ts";
import type { StartSpan } from "../core/tracer.ts";
import type { StoreEntry } from "../core/source.ts";
import { monitorSettings } from "./config.ts";
import type { ResticInstrumentationConfig } from "./config.ts";
import type { Monitor } from "../monitor/monitor.ts";
import type { RepositoryState } from "../restic/state.ts";
import { NAME, VERSION } from "./version.ts";

/** A MetricProducer of the SDK (1.x to 3.x), by its structure. */
interface ResticMetricProducer {
  collect(): Promise<{
    readonly resourceMetrics: {
      /** Ignored in favour of that of the reader's provider. */
      readonly resource: typeof NO_RESOURCE;
      readonly scopeMetrics: {
        readonly scope: { readonly name: string; readonly version: string };
        readonly metrics: ProducedMetric[];
      }[];
    };
    readonly errors: unknown[];
  }>;
}

/** Silent until the application sets a logger of its own there. */
const DIAG: Logger = diag.createComponentLogger({ namespace: NAME });

const NO_RESOURCE = { attributes: {}, merge: () => NO_RESOURCE, getRawAttributes: () => [] };

/**
 * Metrics of restic repositories inside of an application that has an OpenTelemetry SDK: an instrumentation for
 * `registerInstrumentations`, for `NodeSDK`, or by hand with `setMeterProvider` and `enable`. Nothing runs before `enable`;
 * its timers do not hold the process.
 */
export class ResticInstrumentation {
  readonly instrumentationName = NAME;
  readonly instrumentationVersion = VERSION;
  #config: ResticInstrumentationConfig;
  /** Settled when the monitor is there; undefined while disabled. */
  #enabled: Promise<void> | undefined;
  /** Another one each time it is enabled. */
  #token = {};
  #monitor: Monitor | undefined;
  #meterProvider: MeterProvider | undefined;
  #tracerProvider: TracerProvider | undefined;
  #unbind: (() => void) | undefined;
  #isProduced = false;

  /** @throws AgentError `config` with all that is wrong, a line each */
  constructor(config: ResticInstrumentationConfig) {
    monitorSettings(config);
    this.#config = config;
  }

  /** Collects now, and then by the schedule. */
  enable(): void {
    if (this.#enabled) return;
    const token = (this.#token = {});
    this.#enabled = this.#begin(token).catch((error: unknown) => {
      // Nobody waits for it: an application does not end because of what watches it.
      this.#logger.error("cannot be enabled", { error: toAgentError(error).message });
      if (token === this.#token) this.disable();
    });
  }

  /** Ends timers, callbacks and what is read; what was known is forgotten. */
  disable(): void {
    const monitor = this.#monitor;
    this.#enabled = undefined;
    this.#monitor = undefined;
    this.#bind();
    void monitor?.stop();
  }

  /** What reads repositories is loaded only now. */
  async #begin(token: object): Promise<void> {
    const { Monitor: LoadedMonitor } = await import("../monitor/monitor.ts");
    if (!this.#enabled || token !== this.#token) return;
    const { onCollection, sources, backends, resolvers } = this.#config;
    this.#monitor = new LoadedMonitor(monitorSettings(this.#config, this.#logger), {
      logger: this.#logger,
      ...(sources && { sources }),
      ...(backends && { backends }),
      ...(resolvers && { resolvers }),
      onCollection,
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

  /** Takes repositories and schedule over with the next collection; extensions and hooks after `disable` and `enable`. */
  setConfig(config: ResticInstrumentationConfig): void {
    const settings = monitorSettings(config, config.logger ?? DIAG);
    this.#config = config;
    this.#monitor?.reload(settings);
  }

  /** May be called again: the metrics go to the last one. Without it they go to the global provider of the time of `enable`. */
  setMeterProvider(meterProvider: MeterProvider): void {
    this.#meterProvider = meterProvider;
    this.#bind();
  }

  setTracerProvider(tracerProvider: TracerProvider): void {
    this.#tracerProvider = tracerProvider;
  }

  /** The end of the collection that is under way, else of one that begins now; undefined when it is not enabled. */
  async collect(): Promise<JobOutcome | undefined> {
    await this.#enabled;
    return this.#monitor?.currentCollection ?? this.#monitor?.collect();
  }

  /** What is known of each repository: for those who want the data without metrics. */
  state(): readonly StoreEntry<RepositoryState>[] {
    return [...(this.#monitor?.store.entries() ?? [])];
  }

  /** What `resticMetricProducer` hands out. */
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

  /** A span a collection of a repository, if the application has a tracer. */
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
 * For the `metricProducers` of a stock reader, in place of a meter: right in every respect without a mended reader, but views do
 * not apply. The instrumentation is bound to no meter any more. Its type is that of the SDK in use, which no other can name.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller's context says which
export function resticMetricProducer<MetricProducer>(
  restic: ResticInstrumentation,
): MetricProducer {
  return Object(restic.metricProducer());
}

import { resolve } from "node:path";

import { toAgentError } from "restic-otel-instrumentation/internal";
import type { BoundTable, Clock, Extensions } from "restic-otel-instrumentation/internal";
import { Monitor } from "restic-otel-instrumentation/monitor";

import type { Build } from "./build.ts";
import type { LineLogger } from "./log.ts";
import { formatBind } from "./settings/bind.ts";
import type { AgentSettings } from "./settings/load.ts";
import { redactedSettings } from "./settings/redacted.ts";
import type { Producer } from "./telemetry/collect-metrics.ts";
import type { ReloadState } from "./telemetry/own-metrics/agent.ts";
import type { OtlpPush } from "./telemetry/otlp/push.ts";
import type { Exposition, PrometheusEndpoint } from "./telemetry/prometheus/endpoint.ts";
import type { Protection } from "./web/config/protection.ts";
import type { InheritedSocket } from "./web/listen.ts";
import type { WebServer } from "./web/server.ts";
import type { StatusInput } from "./web/status/status.ts";

/** Time limit for the requests in progress at a stop. */
const GRACE_MS = 4000;

export interface AgentOptions {
  readonly clock: Clock;
  readonly logger: LineLogger;
  readonly build: Build;
  /** Loads the settings again. Rejects with all problems, one per line. */
  readonly load: () => Promise<AgentSettings>;
  readonly extensions?: Extensions;
  /** Sockets of the service manager, which replace the addresses of the settings. */
  readonly inherited?: readonly InheritedSocket[];
}

/** The running agent: monitor, HTTP server, OTLP push and reload of the settings. */
export class Agent {
  readonly monitor: Monitor;
  readonly #settings: AgentSettings;
  readonly #options: AgentOptions;
  #endpoint: Promise<PrometheusEndpoint> | undefined;
  #reloading: Promise<string | undefined> = Promise.resolve(undefined);
  /** The settings in effect: those of the start with the changes of reloads. */
  #effective: AgentSettings;
  #reload: ReloadState;
  #servers: readonly WebServer[] = [];
  #push: OtlpPush | undefined;
  #protection: Protection | undefined;
  #startedMs: number | undefined;

  constructor(settings: AgentSettings, options: AgentOptions) {
    const { clock, logger } = options;
    this.#settings = settings;
    this.#effective = settings;
    this.#options = options;
    this.#reload = { successful: true, lastSuccessAt: clock.now() };
    this.monitor = new Monitor(settings.monitor, {
      ...options.extensions,
      clock,
      logger,
      onCollection: () => void this.#push?.pushSoon(),
      onKeyDerivation: () => {
        // Loads the SDK in the next turn, while a thread of the pool derives the key.
        if (settings.prometheus) setImmediate(() => void this.#openEndpoint());
      },
    });
  }

  /** Starts to listen, then to collect. @throws AgentError `config` if it cannot listen */
  async start(): Promise<void> {
    const { clock, logger } = this.#options;
    this.#startedMs = clock.monotonicMs();
    // Imported late: --once needs no server.
    const { serve } = await import("./serve.ts");
    const { servers, protection } = await serve(this.#settings, this.#options, {
      monitor: this.monitor,
      render: () => this.render(),
      notReady: () => this.#notReady(),
      statusInput: () => this.statusInput(),
      reload: () => this.reload(),
      config: () => redactedSettings(this.#effective),
    });
    this.#servers = servers;
    this.#protection = protection;
    const { prometheus, otlp } = this.#settings;
    if (otlp.length > 0) await this.#startPush();
    else if (this.#servers.length === 0 || !prometheus)
      logger.warn(
        "metrics are not exported: they are not served for Prometheus, and there is no OTLP endpoint",
      );
    this.monitor.start();
  }

  /** Loads the SDK's exporter only when it is used. */
  async #startPush(): Promise<void> {
    const { openPush } = await import("./telemetry/otlp/open.ts");
    const { clock, logger } = this.#options;
    this.#push = openPush(this.#settings, {
      tables: await this.#tables(),
      refresh: () => this.monitor.expected.refresh(),
      resolvers: this.monitor.resolvers,
      producer: await this.#producer(),
      clock,
      logger,
    });
    this.#push.start();
  }

  /** Loads the SDK. */
  #openEndpoint(): Promise<PrometheusEndpoint> {
    this.#endpoint ??= this.#newEndpoint();
    return this.#endpoint;
  }

  async #newEndpoint(): Promise<PrometheusEndpoint> {
    const { PrometheusEndpoint: Endpoint } = await import("./telemetry/prometheus/endpoint.ts");
    return new Endpoint({
      tables: await this.#tables(),
      producer: await this.#producer(),
      targetInfo: this.#settings.targetInfo,
      clock: this.#options.clock,
    });
  }

  /** Distinguishes this agent on its host by its settings file (or repositories, without a file) and its addresses. */
  async #producer(): Promise<Producer> {
    const { agentProducer } = await import("./telemetry/resource.ts");
    const { source, bind } = this.#settings;
    const named = source === "environment" ? this.monitor.urls : [resolve(source)];
    const installation = [...named, ...bind.map(formatBind)].join("\n");
    return agentProducer(this.#options.build.version, installation);
  }

  /** All metric tables. */
  async #tables(): Promise<readonly BoundTable[]> {
    const { ownTables } = await import("./telemetry/own-metrics/own-tables.ts");
    const own = ownTables({
      agent: () => ({
        ...this.#options.build,
        nodeVersion: process.version,
        reload: this.#reload,
        webConfigReloaded: this.#protection?.reloadSuccessful,
        repositories: this.monitor.urls.length,
        shard: this.#effective.shard,
      }),
      monitor: this.monitor.ownTables,
      endpoints: () => this.#push?.states ?? [],
    });
    return [...this.monitor.tables, ...own];
  }

  /** @throws AgentError `other` if the exposition is incomplete */
  async render(): Promise<Exposition> {
    const [endpoint] = await Promise.all([this.#openEndpoint(), this.monitor.expected.refresh()]);
    return endpoint.render();
  }

  /** The current status is `statusOf` of this. */
  statusInput(): StatusInput {
    const { monitor } = this;
    return {
      urls: monitor.urls,
      entries: monitor.store.entries(),
      expected: monitor.expected.now(),
      inventories: monitor.inventories.entries(),
      nextAt: monitor.nextAt(),
      lateAfterMs: this.#settings.lateAfterMs,
      now: this.#options.clock.now(),
    };
  }

  /** Loads the settings again, and applies them if all are valid. Resolves with the problems, one per line, or undefined. Never rejects. */
  reload(): Promise<string | undefined> {
    this.#reloading = this.#reloading.then(() => this.#reloadOnce());
    return this.#reloading;
  }

  async #reloadOnce(): Promise<string | undefined> {
    const { clock, logger, load } = this.#options;
    const { legacyLabel, compat, stateDir, stateKeys } = this.#settings.monitor;
    try {
      const next = await load();
      const { restartRequired } = await import("./settings/restart-required.ts");
      for (const warning of next.warnings) logger.warn(warning);
      for (const name of restartRequired(this.#settings, next))
        logger.warn(`a change of ${name} needs a restart`);
      this.monitor.reload(next.monitor);
      this.#effective = {
        ...this.#settings,
        monitor: { ...next.monitor, legacyLabel, compat, stateDir, stateKeys },
        disabledCount: next.disabledCount,
        shard: next.shard,
        logLevel: next.logLevel,
      };
      logger.level = next.logLevel;
      this.#reload = { successful: true, lastSuccessAt: clock.now() };
      logger.info("settings reloaded; they take effect with the next collection", {
        repositories: next.monitor.repositories.length,
        disabled: next.disabledCount,
      });
      return undefined;
    } catch (error) {
      this.#reload = { ...this.#reload, successful: false };
      const { message } = toAgentError(error);
      for (const line of message.split("\n"))
        logger.error("settings rejected, the previous ones stay in effect", { error: line });
      return message;
    }
  }

  /** Why the agent is not ready. It is ready when every repository was collected once, or after `startupWait`, since a repository can hang. */
  #notReady(): string | undefined {
    const { monitor } = this;
    if (monitor.ready || this.#startedMs === undefined) return undefined;
    if (this.#options.clock.monotonicMs() - this.#startedMs >= this.#settings.startupWaitMs)
      return undefined;
    const done = [...monitor.store.entries()].length;
    return `the first collection is running, ${done} of ${monitor.urls.length} repositories are done`;
  }

  /** Answers the requests in progress for up to 4 s. Meanwhile collections are aborted, and the current values are pushed once more. */
  async stop(): Promise<void> {
    await Promise.all([
      this.monitor.stop(),
      this.#push?.stop(),
      ...this.#servers.map((server) => server.stop(GRACE_MS)),
    ]);
    await this.#protection?.stop();
  }
}

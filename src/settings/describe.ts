import { NO_ADDRESS } from "restic-otel-instrumentation/internal";

import { formatBind } from "./bind.ts";
import type { AgentSettings } from "./load.ts";
import { endpointName } from "./otlp.ts";

/** The settings in force, for one line of the log: repositories by number, nothing secret. */
export function describeSettings(
  settings: AgentSettings,
): Readonly<Record<string, string | number | boolean>> {
  const { monitor, bind, disabledCount, startupWaitMs, logLevel, logFormat, source } = settings;
  const {
    repositories,
    cron,
    timezone,
    timeoutMs,
    concurrency,
    legacyLabel,
    retryFailed,
    reverifyMs,
    vault = NO_ADDRESS,
  } = monitor;
  return {
    settings: source,
    repositories: repositories.map(({ url }) => url).join(" "),
    disabled: disabledCount,
    shard: settings.shard ? `${settings.shard.index}/${settings.shard.total}` : "none",
    bind: bind.map(formatBind).join(" ") || "none",
    webConfigFile: settings.webConfigFile ?? "none",
    enableLifecycle: settings.enableLifecycle,
    prometheus: settings.prometheus,
    otlp: settings.otlp.map(({ url }) => endpointName(url)).join(" "),
    otlpIntervalSeconds: settings.otlpIntervalMs / 1000,
    otlpTimeoutSeconds: settings.otlpTimeoutMs / 1000,
    vault: "unused" in vault ? "not used" : vault.address,
    cron,
    timezone: timezone ?? "of the process",
    timeoutSeconds: timeoutMs / 1000,
    concurrency,
    spread: monitor.spread === true,
    retryFailed,
    reverifySeconds: reverifyMs / 1000,
    startupWaitSeconds: startupWaitMs / 1000,
    legacyLabel,
    logLevel,
    logFormat,
  };
}

import { sameSettings } from "restic-otel-instrumentation/internal";

import type { AgentSettings } from "./load.ts";

/** The names of the settings that differ and take effect only after a restart. */
export function restartRequired(before: AgentSettings, next: AgentSettings): readonly string[] {
  const changed = {
    bind: !sameSettings(before.bind, next.bind),
    webConfigFile: before.webConfigFile !== next.webConfigFile,
    healthWithoutLogin: before.healthWithoutLogin !== next.healthWithoutLogin,
    telemetryPath: before.telemetryPath !== next.telemetryPath,
    targetInfo: before.targetInfo !== next.targetInfo,
    enableLifecycle: before.enableLifecycle !== next.enableLifecycle,
    otlp: !sameSettings(before.otlp, next.otlp),
    otlpInterval: before.otlpIntervalMs !== next.otlpIntervalMs,
    otlpTimeout: before.otlpTimeoutMs !== next.otlpTimeoutMs,
    startupWait: before.startupWaitMs !== next.startupWaitMs,
    lateAfter: before.lateAfterMs !== next.lateAfterMs,
    logFormat: before.logFormat !== next.logFormat,
    stateDir: before.monitor.stateDir !== next.monitor.stateDir,
    stateKeys: before.monitor.stateKeys !== next.monitor.stateKeys,
    compat: before.monitor.compat !== next.monitor.compat,
    legacyLabel: before.monitor.legacyLabel !== next.monitor.legacyLabel,
  };
  return Object.entries(changed).flatMap(([name, isChanged]) => (isChanged ? [name] : []));
}

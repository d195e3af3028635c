import {
  formatDuration,
  inventoryOf,
  isPath,
  isVariableName,
  VAULT_DISABLED,
} from "restic-otel-instrumentation/internal";
import type {
  InventoryGiven,
  LocksEvery,
  RepositorySettings,
  SecretReference,
} from "restic-otel-instrumentation/internal";

import { formatBind } from "./bind.ts";
import type { AgentSettings } from "./load.ts";
import { endpointName } from "./otlp.ts";

const REDACTED = "[redacted]";

/** The settings in effect as the fields of one log line, without secrets. */
export function settingsSummary(
  settings: AgentSettings,
): Readonly<Record<string, string | number | boolean>> {
  const { monitor } = settings;
  const { vault = VAULT_DISABLED, requestTimeoutMs = 60_000 } = monitor;
  return {
    settings: settings.source,
    repositories: monitor.repositories.map(({ url }) => url).join(" "),
    disabled: settings.disabledCount,
    expectations: (monitor.expectations?.expectations ?? []).map(({ name }) => name).join(" "),
    shard: settings.shard ? `${settings.shard.index}/${settings.shard.total}` : "none",
    bind: settings.bind.map(formatBind).join(" ") || "none",
    webConfigFile: settings.webConfigFile ?? "none",
    enableLifecycle: settings.enableLifecycle,
    prometheus: settings.prometheus,
    telemetryPath: settings.telemetryPath,
    targetInfo: settings.targetInfo,
    otlp: settings.otlp.map(({ url }) => endpointName(url)).join(" "),
    otlpIntervalSeconds: settings.otlpIntervalMs / 1000,
    otlpTimeoutSeconds: settings.otlpTimeoutMs / 1000,
    vault: "disabledReason" in vault ? "not used" : vault.address,
    cron: monitor.cron,
    timezone: monitor.timezone ?? "of the process",
    timeoutSeconds: monitor.timeoutMs / 1000,
    requestTimeoutSeconds: requestTimeoutMs / 1000,
    maxSnapshotBytes: monitor.maxSnapshotBytes ?? "default",
    inventory: shownInventory(monitor.inventory),
    locks: shownLocks(monitor.locksEvery),
    concurrency: monitor.concurrency,
    spread: monitor.spread === true,
    retryFailed: monitor.retryFailed,
    reverifySeconds: monitor.reverifyMs / 1000,
    startupWaitSeconds: settings.startupWaitMs / 1000,
    compat: monitor.compat ?? "none",
    legacyLabel: monitor.legacyLabel,
    logLevel: settings.logLevel,
    logFormat: settings.logFormat,
  };
}

/** The settings in effect for `GET /-/config`, with the source of each secret instead of its value. */
export function redactedSettings(settings: AgentSettings): Readonly<Record<string, unknown>> {
  return {
    ...settingsSummary(settings),
    repositories: settings.monitor.repositories.map((one) =>
      redactedRepository(one, settings.monitor.inventory),
    ),
    expectations: (settings.monitor.expectations?.expectations ?? []).map(({ text }): unknown =>
      JSON.parse(text),
    ),
  };
}

function redactedRepository(
  one: RepositorySettings,
  sharedInventory: InventoryGiven | undefined,
): Readonly<Record<string, unknown>> {
  const { inventory, locksEvery, requestTimeoutMs } = one;
  return {
    repo: one.url,
    ...(one.password && { password: redactedReference(one.password) }),
    ...(one.insecureNoPassword && { insecure_no_password: true }),
    environment: Object.fromEntries(
      Object.entries(one.environment).map(([name, reference], index) => [
        variableShown(name, index),
        redactedReference(reference),
      ]),
    ),
    // Options such as rclone.args may contain secrets.
    options: Object.fromEntries(Object.keys(one.options).map((name) => [name, REDACTED])),
    ...(one.connections !== undefined && { connections: one.connections }),
    ...(one.insecureTls && { insecure_tls: true }),
    ...(one.receivesCopies && { receivesCopies: true }),
    ...(one.appendOnly && { appendOnly: true }),
    ...(inventory !== undefined && { inventory: shownInventory(inventory, sharedInventory) }),
    ...(locksEvery !== undefined && { locks: shownLocks(locksEvery) }),
    ...(requestTimeoutMs !== undefined && { request_timeout: `${requestTimeoutMs / 1000}s` }),
  };
}

function shownLocks(every: LocksEvery = "off"): string {
  return every === "off" ? every : `every ${formatDuration(every)}`;
}

function shownInventory(given: InventoryGiven = "off", shared?: InventoryGiven): string {
  const settings = inventoryOf(given, shared);
  if (!settings) return "off";
  const { everyMs, maxIndexBytes, slices, exactBlobs, timeoutMs } = settings;
  return `every ${formatDuration(everyMs)}, maxIndexBytes ${maxIndexBytes}, slices ${slices}, exactBlobs ${exactBlobs}, timeout ${formatDuration(timeoutMs)}`;
}

/** The name of an entry's variable in messages, or its position if it may be a secret. */
export function variableShown(name: string, index: number): string {
  return isVariableName(name) ? name : `[variable ${index + 1}]`;
}

/** Shows the names of files and variables, and redacts the rest: a command may contain a secret. */
function redactedReference({ scheme, reference }: SecretReference): unknown {
  if (scheme === "literal") return REDACTED;
  const isName =
    typeof reference === "string" &&
    ((scheme === "file" && isPath(reference)) || (scheme === "env" && isVariableName(reference)));
  return { [scheme]: isName ? reference : REDACTED };
}

import type { Flags } from "../settings/flags.ts";
import type { AgentSettings } from "../settings/load.ts";
import type { Need } from "./alert.ts";
import { ALERTS } from "./alerts.ts";
import { rulesText } from "./rules-text.ts";

/** The alert rules that fit the settings, as YAML: no rule on locks without `locks`. */
export function fittingRules(
  settings: AgentSettings,
  { format, runbookUrl }: Pick<Flags, "format" | "runbookUrl">,
): string {
  const fulfilled = needsOf(settings);
  const groups = ALERTS.map(({ name, title, alerts }) => ({
    name,
    title,
    alerts: alerts.filter(({ needs }) => needs === undefined || fulfilled[needs]),
  })).filter(({ alerts }) => alerts.length > 0);
  return rulesText(groups, {
    format: format === "prometheusrule" ? format : "prometheus",
    runbookUrl,
  });
}

/** Whether the settings have what an alert needs. */
function needsOf(settings: AgentSettings): Readonly<Record<Need, boolean>> {
  const { monitor, bind, prometheus, otlp } = settings;
  const { repositories, expectations, stateDir, vault } = monitor;
  return {
    prometheus: prometheus && bind.length > 0,
    otlp: otlp.length > 0,
    vault: vault !== undefined && !("disabledReason" in vault),
    expect: (expectations?.expectations.length ?? 0) > 0,
    stateDir: stateDir !== undefined,
    noStateDir: stateDir === undefined,
    appendOnly: repositories.some(({ appendOnly }) => appendOnly),
    locks: repositories.some(
      ({ locksEvery = monitor.locksEvery ?? "off" }) => locksEvery !== "off",
    ),
    retention: expectations?.expectations.some(({ retention }) => retention) === true,
    inventory: repositories.some(
      ({ inventory = monitor.inventory ?? "off" }) => inventory !== "off",
    ),
  };
}

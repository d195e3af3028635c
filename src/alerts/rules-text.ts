import { stringify } from "yaml";

import type { RulesFormat } from "../settings/flags.ts";
import type { Alert, AlertGroup } from "./alert.ts";

export interface RulesOptions {
  /** prometheus: a rule file; prometheusrule: the resource of the Prometheus operator. */
  readonly format: RulesFormat;
  /** The page that describes the alerts: each rule links to its row. Default: no link. */
  readonly runbookUrl?: string | undefined;
}

/** How long an alert goes on firing while the agent restarts, so that no "resolved" is sent. Prometheus 2.42 and later. */
const KEEP = "15m";

/** The anchor of an alert on the page that describes the alerts. */
export function anchorOf({ name }: Alert): string {
  return name.toLowerCase();
}

/** The alerts as YAML. */
export function rulesText(groups: readonly AlertGroup[], options: RulesOptions): string {
  const spec = {
    groups: groups.map(({ name, alerts }) => ({
      name: `restic-otel-${name}`,
      rules: alerts.map((alert) => ruleOf(alert, options.runbookUrl)),
    })),
  };
  const document =
    options.format === "prometheus"
      ? spec
      : {
          apiVersion: "monitoring.coreos.com/v1",
          kind: "PrometheusRule",
          metadata: { name: "restic-otel" },
          spec,
        };
  return stringify(document, { lineWidth: 0 });
}

function ruleOf(alert: Alert, runbookUrl: string | undefined): Readonly<Record<string, unknown>> {
  const { name, expr, severity, summary, description, hint } = alert;
  return {
    alert: name,
    expr,
    ...(alert.for !== undefined && { for: alert.for }),
    ...(!alert.outlivesAgent && { keep_firing_for: KEEP }),
    labels: { severity },
    annotations: {
      summary,
      description,
      hint,
      ...(runbookUrl !== undefined && { runbook_url: `${runbookUrl}#${anchorOf(alert)}` }),
    },
  };
}

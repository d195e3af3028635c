import type { Alert, Need } from "../../src/alerts/alert.ts";
import { ALERTS } from "../../src/alerts/alerts.ts";
import { anchorOf, rulesText } from "../../src/alerts/rules-text.ts";

const EXAMPLES = new URL("../../examples/", import.meta.url);

/** A file that is made of the table of alerts. */
interface RuleFile {
  readonly url: URL;
  readonly expected: string;
}

/** The rule files of the examples, with all alerts. */
export function ruleFiles(): readonly RuleFile[] {
  const rules = `# Alert rules for restic-otel: docs/alerting.md describes them, npm run docs writes them. \`restic-otel rules\` prints those that fit the settings.
# The rules of restic-reporter are in restic-reporter.yml: use one file or the other.
${rulesText(ALERTS, { format: "prometheus" })}`;
  return [
    { url: new URL("prometheus/alerts.yml", EXAMPLES), expected: rules },
    { url: new URL("helm/restic-otel/files/alerts.yml", EXAMPLES), expected: rules },
    {
      url: new URL("kubernetes/prometheus-rule.yaml", EXAMPLES),
      expected: `# For the Prometheus operator. npm run docs writes it; \`restic-otel rules --format prometheusrule\` prints the rules that fit the settings.
${rulesText(ALERTS, { format: "prometheusrule" })}`,
    },
  ];
}

/** How docs/alerting.md names a need. */
const NEEDS: Readonly<Record<Need, string>> = {
  prometheus: "a scrape",
  otlp: "`otlp`",
  vault: "`vault`",
  expect: "`expect`",
  stateDir: "`stateDir`",
  noStateDir: "no `stateDir`",
  appendOnly: "`appendOnly`",
  locks: "`locks`",
  retention: "`retention`",
  inventory: "`inventory`",
};

/** A table for each subject. */
export function alertTables(): string {
  return ALERTS.map(
    ({ title, alerts }) => `### ${title}

| alert | severity | fires when | what to do | needs |
| --- | --- | --- | --- | --- |
${alerts.map(row).join("\n")}
`,
  ).join("\n");
}

function row(alert: Alert, index: number, alerts: readonly Alert[]): string {
  const isFirst = alerts.findIndex(({ name }) => name === alert.name) === index;
  const anchor = isFirst ? `<a id="${anchorOf(alert)}"></a>` : "";
  const needs = alert.needs === undefined ? "–" : NEEDS[alert.needs];
  return `| ${anchor}\`${alert.name}\` | ${alert.severity} | ${alert.fires} | ${alert.hint} | ${needs} |`;
}

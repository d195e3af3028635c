import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { lawTables } from "./import-law.ts";
import { MANUAL, manual } from "./manual.ts";
import { alertTables, ruleFiles } from "./rule-files.ts";
import { SCHEMA, settingsSchemaFile } from "./settings-schema.ts";
import type { MetricSpec } from "../../instrumentation/metrics/spec.ts";

import {
  backupSetMetrics,
  CHANGE_METRICS,
  GROUP_METRICS,
  HIDDEN_METRICS,
  INVENTORY_METRICS,
  JOB_METRICS,
  LOCK_METRICS,
  REPOSITORY_METRICS,
  SECRET_METRICS,
  VANISHED_METRICS,
} from "../../instrumentation/restic/metrics/tables.ts";
import {
  JUDGED_METRICS,
  REMOVABLE_METRICS,
  RETENTION_METRICS,
  SLOT_METRICS,
  SUMMARY_METRICS,
  UNEXPECTED_METRICS,
} from "../../instrumentation/expectations/tables.ts";
import { VAULT_METRICS } from "../../instrumentation/vault/metrics.ts";
import { ERROR_CODES } from "../../instrumentation/core/error.ts";
import { settingsTable } from "./settings-table.ts";
import { ERROR_HELP } from "../../src/web/status/error-help.ts";
import { agentMetrics } from "../../src/telemetry/own-metrics/agent.ts";
import { otlpMetrics } from "../../src/telemetry/own-metrics/otlp.ts";
import { processMetrics } from "../../src/telemetry/own-metrics/process.ts";

/** A page of the documentation. */
export function page(name: string): URL {
  return new URL(`../../docs/${name}.md`, import.meta.url);
}

/** `text` with the part between the two marks of `name` replaced. @throws Error if a mark is missing */
export function replaceBetween(text: string, name: string, table: string): string {
  const pattern = new RegExp(`(<!-- ${name}:[^>]*-->\n)[^]*?(<!-- /${name} -->)`);
  if (!pattern.test(text))
    throw new Error(`the marks <!-- ${name}: … --> and <!-- /${name} --> are missing`);
  return text.replace(pattern, (_, open: string, close: string) => `${open}\n${table}\n${close}`);
}

const EXPECTATION_METRICS: readonly MetricSpec<never>[] = [
  ...SLOT_METRICS,
  ...JUDGED_METRICS,
  ...UNEXPECTED_METRICS,
  ...RETENTION_METRICS,
  ...REMOVABLE_METRICS,
  ...SUMMARY_METRICS,
  ...VANISHED_METRICS,
];

/** Every metric of the agent, in the order of the exposition. */
export const ALL_METRICS: readonly MetricSpec<never>[] = [
  ...JOB_METRICS,
  ...backupSetMetrics(false),
  ...GROUP_METRICS,
  ...HIDDEN_METRICS,
  ...REPOSITORY_METRICS,
  ...CHANGE_METRICS,
  ...SECRET_METRICS,
  ...INVENTORY_METRICS,
  ...EXPECTATION_METRICS,
  ...agentMetrics,
  ...VAULT_METRICS,
  ...otlpMetrics,
  ...processMetrics,
];

/** The name that Prometheus shows. */
export function prometheusName({ name, kind }: MetricSpec<never>): string {
  return name.replaceAll(".", "_") + (kind === "counter" ? "_total" : "");
}

/** Metrics that came with version 0.2.0; all others are in 0.1.0 already. */
const SINCE_0_2: ReadonlySet<string> = new Set([
  "restic_otel.repositories",
  "backup.last.files_new",
  "backup.last.files_changed",
  "backup.last.files_unmodified",
  "backup.recent_median.files",
  "backup.recent_median.processed_bytes",
  "backup.recent_median.added_bytes",
  "backup.recent_median.duration_seconds",
  "backup.backdated_snapshots",
  "backup.repository.last_backdated_timestamp_seconds",
  ...GROUP_METRICS.map(({ name }) => name),
  ...HIDDEN_METRICS.map(({ name }) => name),
  ...CHANGE_METRICS.map(({ name }) => name),
  ...LOCK_METRICS.map(({ name }) => name),
  ...INVENTORY_METRICS.map(({ name }) => name),
  ...EXPECTATION_METRICS.map(({ name }) => name),
]);

/** A row a metric: both names, labels, meaning, version. */
function metricsTable(): string {
  const rows = ALL_METRICS.map((metric) => {
    const { name, kind, labels, description } = metric;
    const since = SINCE_0_2.has(name) ? "0.2" : "0.1";
    const meaning = `${description}${kind === "counter" ? " (Counter.)" : ""}`;
    return `| \`${prometheusName(metric)}\` | \`${name}\` | ${labels.join(", ") || "–"} | ${meaning} | ${since} |`;
  });
  return [
    "| Prometheus | OpenTelemetry | labels | value | since |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function errorsTable(): string {
  const rows = ERROR_CODES.map((code) => {
    const { meaning, hint } = ERROR_HELP[code];
    return `| \`${code}\` | ${meaning} | ${hint} |`;
  });
  return ["| error_type | meaning | what to do |", "| --- | --- | --- |", ...rows, ""].join("\n");
}

/** The generated tables: page, name of the marks, content. */
const TABLES: readonly (readonly [page: URL, marks: string, table: () => string])[] = [
  [page("configuration"), "settings", settingsTable],
  [page("metrics"), "metrics", metricsTable],
  [page("alerting"), "alerts", alertTables],
  [page("troubleshooting"), "errors", errorsTable],
  [new URL("../../CONTRIBUTING.md", import.meta.url), "imports", lawTables],
];

export interface GeneratedPage {
  readonly url: URL;
  readonly actual: string;
  readonly expected: string;
}

/** Each page that has a generated table, as it is and as it should be. */
export function generated(): Promise<readonly GeneratedPage[]> {
  return Promise.all(
    TABLES.map(async ([url, marks, table]) => {
      const actual = await readFile(url, "utf8");
      return { url, actual, expected: replaceBetween(actual, marks, table()) };
    }),
  );
}

// Node.js before 24.2 lacks `import.meta.main`.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { url, expected } of await generated()) await writeFile(url, expected);
  for (const { url, expected } of ruleFiles()) await writeFile(url, expected);
  await writeFile(MANUAL, manual());
  await writeFile(SCHEMA, settingsSchemaFile());
}

import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { MANUAL, manual } from "./manual.ts";
import type { MetricSpec } from "../../instrumentation/metrics/spec.ts";

import {
  JOB_METRICS,
  repositoryMetrics,
  SECRET_METRICS,
} from "../../instrumentation/restic/metrics/tables.ts";
import { VAULT_METRICS } from "../../instrumentation/vault/metrics.ts";
import { settingsTable } from "../../src/settings/schema.ts";
import { agentMetrics } from "../../src/telemetry/own-metrics/agent.ts";
import { otlpMetrics } from "../../src/telemetry/own-metrics/otlp.ts";
import { webConfigMetrics } from "../../src/telemetry/own-metrics/web-config.ts";
import { processMetrics } from "../../src/telemetry/own-metrics/process.ts";

export const README = new URL("../../README.md", import.meta.url);

/** `text` with what stands between the two marks of `name` replaced. */
export function replaceBetween(text: string, name: string, table: string): string {
  const pattern = new RegExp(`(<!-- ${name}:[^>]*-->\n)[^]*?(<!-- /${name} -->)`);
  if (!pattern.test(text)) throw new Error(`there are no marks for ${name}`);
  return text.replace(pattern, (_, open: string, close: string) => `${open}\n${table}\n${close}`);
}

/** Every metric of the agent, in the order of the exposition. */
export const ALL_METRICS: readonly MetricSpec<never>[] = [
  ...JOB_METRICS,
  ...repositoryMetrics(false),
  ...SECRET_METRICS,
  ...agentMetrics,
  ...VAULT_METRICS,
  ...otlpMetrics,
  ...webConfigMetrics,
  ...processMetrics,
];

/** The name that Prometheus shows. */
export function prometheusName({ name, kind }: MetricSpec<never>): string {
  return name.replaceAll(".", "_") + (kind === "counter" ? "_total" : "");
}

/** Name, labels and what it says, a row a metric. */
function metricsTable(): string {
  const rows = ALL_METRICS.map((metric) => {
    const { kind, labels, description } = metric;
    return `| \`${prometheusName(metric)}\` | ${labels.join(", ") || "–"} | ${description}${kind === "counter" ? " (Counter.)" : ""} |`;
  });
  return ["| metric | labels | value |", "| --- | --- | --- |", ...rows, ""].join("\n");
}

/** README.md with its generated tables as they should be. */
export async function generated(): Promise<{ readonly actual: string; readonly expected: string }> {
  const actual = await readFile(README, "utf8");
  const expected = replaceBetween(
    replaceBetween(actual, "metrics", metricsTable()),
    "settings",
    settingsTable(),
  );
  return { actual, expected };
}

// `import.meta.main` is not there before Node.js 24.2.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(README, (await generated()).expected);
  await writeFile(MANUAL, manual());
}

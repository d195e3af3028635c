import { spawnSync } from "node:child_process";

import { expect, test } from "vitest";

import { boundTable } from "../../../instrumentation/metrics/bound-table.ts";
import type { MetricSpec } from "../../../instrumentation/metrics/spec.ts";
import {
  backupSetMetrics,
  CHANGE_METRICS,
  JOB_METRICS,
  REPOSITORY_METRICS,
  SECRET_METRICS,
  VANISHED_METRICS,
} from "../../../instrumentation/restic/metrics/tables.ts";
import { VAULT_METRICS } from "../../../instrumentation/vault/metrics.ts";
import { agentMetrics } from "../../../src/telemetry/own-metrics/agent.ts";
import { otlpMetrics } from "../../../src/telemetry/own-metrics/otlp.ts";
import { processMetrics } from "../../../src/telemetry/own-metrics/process.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import { tableText } from "../../support/agent/table-text.ts";

/** The complaints of promtool about names that dashboards and alerts of existing users need. */
const CONTRACT = [
  'backup_days_age use base unit "seconds" instead of "days"',
  'backup_job_error_count non-histogram and non-summary metrics should not have "_count" suffix',
  "backup_newest_timestamp label names should be written in 'snake_case' not 'camelCase'",
  'backup_read_error_count non-histogram and non-summary metrics should not have "_count" suffix',
  "backup_snapshot_count label names should be written in 'snake_case' not 'camelCase'",
  'backup_snapshot_count non-histogram and non-summary metrics should not have "_count" suffix',
];

/** Every metric with one series that has all of its labels. */
function sample(specs: readonly MetricSpec<never>[]): readonly MetricSpec<null>[] {
  return specs.map((spec) => ({
    ...spec,
    points: () => [[1, Object.fromEntries(spec.labels.map((label) => [label, "x"]))]],
  }));
}

const promtool = requirePeer("promtool");

test.skipIf(promtool === undefined)(
  "promtool objects only to names that are a contract",
  async () => {
    const metrics = sample([
      ...JOB_METRICS,
      ...backupSetMetrics(true),
      ...REPOSITORY_METRICS,
      ...CHANGE_METRICS,
      ...VANISHED_METRICS,
      ...SECRET_METRICS,
      ...agentMetrics,
      ...VAULT_METRICS,
      ...otlpMetrics,
      ...processMetrics,
    ]);
    const exposition = await tableText([boundTable(metrics, () => [null])], 0);
    expect(exposition.match(/^# TYPE /gm)).toHaveLength(metrics.length);

    const { stdout, stderr } = spawnSync(promtool ?? "", ["check", "metrics"], {
      input: exposition,
      encoding: "utf8",
    });
    expect(`${stdout}${stderr}`.trim().split("\n").toSorted()).toEqual(CONTRACT);
  },
);

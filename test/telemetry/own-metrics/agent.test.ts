import { expect, test } from "vitest";

import { boundTable } from "../../../instrumentation/metrics/bound-table.ts";
import { VAULT_METRICS } from "../../../instrumentation/vault/metrics.ts";
import type { VaultState } from "../../../instrumentation/vault/state.ts";
import { agentMetrics } from "../../../src/telemetry/own-metrics/agent.ts";
import type { AgentState } from "../../../src/telemetry/own-metrics/agent.ts";
import { SettableTables } from "../../support/agent/settable-tables.ts";
import { tableText } from "../../support/agent/table-text.ts";

const STARTED: AgentState = {
  version: "1.2.3",
  revision: "unknown",
  nodeVersion: "v24.0.0",
  reload: { successful: true, lastSuccessAt: 1_767_225_600_500 },
  webConfigReloaded: undefined,
  repositories: 0,
  shard: { index: 2, total: 5 },
};

const VAULT: VaultState = {
  up: true,
  tokenExpiresAt: 2_764_800_500,
  logins: 1,
  reads: { success: 20, denied: 1, not_found: 2, unreachable: 3, other: 4 },
};

test("an exposition of gauges, counters and special values", async () => {
  const settable = new SettableTables();
  settable.set(
    [
      [3, { url: "/srv/a", host: "web-1", user: "db" }],
      [-1, { url: "rest:https://[::1]:8000/b c/", host: 'say "hi"', user: "a\\b\nc" }],
      [1e21, { url: "/srv/ü", host: "\u{1F4BE}\t", user: "UNKNOWN" }],
    ],
    [[0.5, { url: "/srv/a", operation: "list" }]],
  );
  const tables = [
    ...settable.tables,
    boundTable(agentMetrics, () => [STARTED]),
    boundTable(VAULT_METRICS, () => [VAULT]),
  ];
  await expect(await tableText(tables, 0)).toMatchFileSnapshot("../../golden/exposition.prom");
});

test("after a failed reload the metrics show the failure and the time of the last good reload", async () => {
  const failed = {
    ...STARTED,
    reload: { successful: false, lastSuccessAt: 2500 },
    webConfigReloaded: false,
  };
  const points = agentMetrics.map((metric) => [metric.name, [...metric.points(failed, 0)]]);
  expect(points.slice(1)).toEqual([
    ["restic_otel.config_last_reload_successful", [[0, {}]]],
    ["restic_otel.config_last_reload_success_timestamp_seconds", [[2.5, {}]]],
    ["restic_otel.web_config_last_reload_successful", [[0, {}]]],
    ["restic_otel.repositories", [[0, {}]]],
    ["restic_otel.shard_info", [[1, { index: "2", total: "5" }]]],
  ]);
});

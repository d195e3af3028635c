import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { ALERTS } from "../../src/alerts/alerts.ts";
import { requirePeer } from "../support/agent/peers.ts";
import { startAlertmanager } from "../support/alerts/alertmanager.ts";
import { until } from "../support/core/until.ts";

const EXAMPLE = join(import.meta.dirname, "../../examples/alertmanager/alertmanager.yml");
const NAMES = ALERTS.flatMap(({ alerts }) => alerts.map(({ name }) => name));

type Labels = Readonly<Record<string, string>>;

/** An alert of Alertmanager's API. */
interface Known {
  readonly labels: Labels;
  readonly status: { readonly state: string };
}

/** What fires together, and the one of which messages are sent. */
const TOGETHER: readonly (readonly [labels: readonly Labels[], sent: readonly string[]])[] = [
  [
    [{ alertname: "BackupAgentAbsent" }, { alertname: "BackupLate", expectation: "e" }],
    ["BackupAgentAbsent"],
  ],
  [
    [{ alertname: "BackupAgentDown" }, { alertname: "BackupAgentMissing" }],
    ["BackupAgentDown", "BackupAgentMissing"],
  ],
  [
    [
      { alertname: "BackupRepositoryEmpty", url: "u" },
      { alertname: "BackupMassRemoval", severity: "critical", url: "u" },
      { alertname: "BackupNewestRemoved", url: "u" },
      { alertname: "BackupNewestRemoved", url: "v" },
    ],
    ["BackupNewestRemoved v", "BackupRepositoryEmpty u"],
  ],
  [
    [
      { alertname: "BackupMassRemoval", severity: "warning", url: "u" },
      { alertname: "BackupAppendOnlyViolated", url: "u" },
    ],
    ["BackupAppendOnlyViolated u", "BackupMassRemoval u"],
  ],
  [
    [
      { alertname: "BackupIndexUnreadable", url: "u" },
      { alertname: "BackupPacksLost", url: "u" },
    ],
    ["BackupIndexUnreadable u"],
  ],
];

test("the example for Alertmanager names only alerts that exist", async () => {
  const text = (await readFile(EXAMPLE, "utf8")).replaceAll(/Backup\w*\.[+*]/g, "");
  const named = [...text.matchAll(/Backup\w+/g)].map(([name]) => name);
  expect(named.length).toBeGreaterThan(10);
  expect(NAMES).toEqual(expect.arrayContaining(named));
});

describe.skipIf(!requirePeer("amtool"))("Alertmanager", () => {
  const amtool = (...args: readonly string[]): string => {
    const { stdout, stderr } = spawnSync(requirePeer("amtool") ?? "", args, { encoding: "utf8" });
    return stdout + stderr;
  };

  test("accepts the example", () => {
    expect(amtool("check-config", EXAMPLE)).toContain("SUCCESS");
  });

  test.for([
    ["critical", "pager"],
    ["warning", "mail"],
    ["info", "mail"],
  ])("sends %s alerts to %s", ([severity, receiver]) => {
    const config = `--config.file=${EXAMPLE}`;
    expect(amtool("config", "routes", "test", config, `severity=${severity}`).trim()).toBe(
      receiver,
    );
  });

  test.for(TOGETHER)("of %j sends %j", async ([labels, sent]) => {
    const server = await startAlertmanager(EXAMPLE);
    try {
      const api = `${server.url}/api/v2/alerts`;
      await fetch(api, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(labels.map((one) => ({ labels: one }))),
      });
      const read = async (): Promise<readonly Known[]> =>
        JSON.parse(await (await fetch(api)).text());
      await until("the states of all alerts", async () => {
        const known = await read();
        return (
          known.length === labels.length &&
          !known.some(({ status }) => status.state === "unprocessed")
        );
      });
      const active = (await read()).filter(({ status }) => status.state === "active");
      expect(
        active.map(({ labels: one }) => [one["alertname"], one["url"]].join(" ").trim()).toSorted(),
      ).toEqual(sent);
    } finally {
      await server.stop();
    }
  });
});

import { readFile, writeFile } from "node:fs/promises";

import { afterAll, describe, expect, test } from "vitest";

import { page, replaceBetween } from "../house/docs.ts";
import { requirePackage, requirePeer } from "../support/agent/peers.ts";
import type { Disaster } from "../support/disasters/disaster.ts";
import { ALERTS_BY_KEY } from "../support/disasters/firing.ts";
import { rowOf } from "../support/disasters/disaster-row.ts";
import { survivorsOf } from "../support/disasters/disaster-mutants.ts";
import { panelsIn } from "../support/disasters/panels-in-disasters.ts";
import { judge, labelledAlerts, play } from "../support/disasters/judge.ts";
import type { Played } from "../support/disasters/judge.ts";
import { AGENT_DISASTERS } from "./agent-disasters.ts";
import { EXPECTATION_DISASTERS } from "./expectation-disasters.ts";
import { FLEET_DISASTERS } from "./fleet-disasters.ts";
import { INVENTORY_DISASTERS } from "./inventory-disasters.ts";
import { LOCK_DISASTERS } from "./lock-disasters.ts";
import { QUIET_WEEKS } from "./quiet-weeks.ts";
import { REMOVAL_DISASTERS } from "./removal-disasters.ts";
import { REPOSITORY_DISASTERS } from "./repository-disasters.ts";
import { RETENTION_DISASTERS } from "./retention-disasters.ts";
import { SET_DISASTERS } from "./set-disasters.ts";
import { SETTINGS_DISASTERS } from "./settings-disasters.ts";
import { SEVERAL_AGENTS_DISASTERS } from "./several-agents-disasters.ts";

const DISASTERS: readonly Disaster[] = [
  ...EXPECTATION_DISASTERS,
  ...RETENTION_DISASTERS,
  ...AGENT_DISASTERS,
  ...SEVERAL_AGENTS_DISASTERS,
  ...SETTINGS_DISASTERS,
  ...REPOSITORY_DISASTERS,
  ...REMOVAL_DISASTERS,
  ...SET_DISASTERS,
  ...FLEET_DISASTERS,
  ...LOCK_DISASTERS,
  ...INVENTORY_DISASTERS,
  ...QUIET_WEEKS,
];
const NAMED = DISASTERS.map((disaster) => [disaster.name, disaster] as const);
const canRun =
  requirePackage("faketime") &&
  requirePeer("promtool") !== undefined &&
  requirePeer("restic") !== undefined &&
  requirePeer("rest-server") !== undefined;

describe.skipIf(!canRun)("the shipped rules and the installed agent", () => {
  const played: Played[] = [];

  test.for(NAMED)("%s: exactly the alerts of the table", async ([, disaster]) => {
    const one = await play(disaster);
    played.push(one);
    expect(judge(one, one.found).problems).toEqual([]);
  });

  test("the alerts have the labels of the golden file", async (context) => {
    if (played.length < DISASTERS.length) context.skip("not all disasters were played");
    const lines = played.flatMap(({ disaster: { name }, found }) => [
      `${name}:`,
      ...labelledAlerts(found).map((alert) => `  ${alert}`),
    ]);
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("../golden/disasters.txt");
  });

  test("docs/alerting.md has the hours until each alert fires", async () => {
    const text = await readFile(page("alerting"), "utf8");
    const certain = played.filter(({ disaster }) => !disaster.hoursVary);
    expect(certain.map((one) => rowOf(one)).filter((row) => !text.includes(row))).toEqual([]);
  });

  test("each rule with a mistake makes a disaster red", async (context) => {
    if (played.length < DISASTERS.length) context.skip("not all disasters were played");
    const { count, survivors } = await survivorsOf(played);
    expect(count).toBeGreaterThan(400);
    expect(survivors).toEqual([]);
  }, 900_000);

  test("each query of the dashboards shows something of a disaster", async (context) => {
    if (played.length < DISASTERS.length) context.skip("not all disasters were played");
    const shown = await panelsIn(played);
    expect(shown.filter(({ disaster }) => disaster === undefined)).toEqual([]);
    const lines = shown.map(({ panel, disaster }) => `${panel}: ${disaster}\n`);
    await expect(lines.join("")).toMatchFileSnapshot("../golden/panels-in-disasters.txt");
  });

  // `RESTIC_OTEL_WRITE=1 npm run test:all -- disasters` writes the table into docs/alerting.md.
  afterAll(async () => {
    const table = [
      "| disaster | alerts, and after how long |",
      "| --- | --- |",
      ...played.map((one) => rowOf(one)),
    ].join("\n");
    process.stdout.write(`${table}\n`);
    if (process.env["RESTIC_OTEL_WRITE"] !== "1" || played.length < DISASTERS.length) return;
    const text = await readFile(page("alerting"), "utf8");
    await writeFile(page("alerting"), replaceBetween(text, "disasters", table));
  });
});

test("each alert fires in a disaster", () => {
  const fired = new Set(DISASTERS.flatMap(({ alerts }) => Object.keys(alerts)));
  expect([...ALERTS_BY_KEY.keys()].filter((alert) => !fired.has(alert))).toEqual([]);
});

test("the table of docs/alerting.md has every disaster with its alerts", async () => {
  const text = await readFile(page("alerting"), "utf8");
  for (const { name, alerts } of DISASTERS) {
    const row = text.split("\n").find((line) => line.startsWith(`| ${name} |`));
    const named = [...(row ?? "").matchAll(/`(Backup\w+)`( \(\w+\))?/g)].map(
      ([, alert = "", severity = ""]) => alert + severity,
    );
    expect([name, new Set(named)]).toEqual([name, new Set(Object.keys(alerts))]);
  }
});

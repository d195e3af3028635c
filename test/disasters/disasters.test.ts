import { readFile, writeFile } from "node:fs/promises";

import { afterAll, describe, expect, test } from "vitest";

import { page, replaceBetween } from "../house/docs.ts";
import { requirePackage, requirePeer } from "../support/agent/peers.ts";
import type { Disaster } from "../support/disasters/disaster.ts";
import { verdictOf } from "../support/disasters/judge.ts";
import type { Verdict } from "../support/disasters/judge.ts";
import { AGENT_DISASTERS } from "./agent-disasters.ts";
import { EXPECTATION_DISASTERS } from "./expectation-disasters.ts";
import { INVENTORY_DISASTERS } from "./inventory-disasters.ts";
import { LOCK_DISASTERS } from "./lock-disasters.ts";
import { QUIET_WEEKS } from "./quiet-weeks.ts";
import { REMOVAL_DISASTERS } from "./removal-disasters.ts";

const DISASTERS: readonly Disaster[] = [
  ...EXPECTATION_DISASTERS,
  ...AGENT_DISASTERS,
  ...REMOVAL_DISASTERS,
  ...LOCK_DISASTERS,
  ...INVENTORY_DISASTERS,
  ...QUIET_WEEKS,
];
const canRun =
  requirePackage("faketime") &&
  requirePeer("promtool") !== undefined &&
  requirePeer("restic") !== undefined;

describe.skipIf(!canRun)("the shipped rules and the installed agent", () => {
  const verdicts = new Map<Disaster, Verdict>();

  test.for(DISASTERS)("$name: exactly the alerts of the table", async (disaster) => {
    const verdict = await verdictOf(disaster);
    verdicts.set(disaster, verdict);
    expect(verdict.problems).toEqual([]);
  });

  // `RESTIC_OTEL_WRITE=1 npm run test:all -- disasters` writes the table into docs/disasters.md.
  afterAll(async () => {
    const table = tableOf(verdicts);
    process.stdout.write(`${table}\n`);
    if (process.env["RESTIC_OTEL_WRITE"] !== "1" || verdicts.size < DISASTERS.length) return;
    const text = await readFile(page("disasters"), "utf8");
    await writeFile(page("disasters"), replaceBetween(text, "disasters", table));
  });
});

test("the table of docs/disasters.md has every disaster with its alerts", async () => {
  const text = await readFile(page("disasters"), "utf8");
  for (const { name, alerts } of DISASTERS) {
    const row = text.split("\n").find((line) => line.startsWith(`| ${name} |`));
    const named = [...(row ?? "").matchAll(/`(Backup\w+)`/g)].map(([, alert]) => alert);
    expect([name, new Set(named)]).toEqual([name, new Set(Object.keys(alerts))]);
  }
});

function tableOf(verdicts: ReadonlyMap<Disaster, Verdict>): string {
  const rows = [...verdicts].map(([{ name }, { after }]) => {
    const alerts = Object.entries(after).map(([alert, hours]) => `\`${alert}\` ${span(hours)}`);
    return `| ${name} | ${alerts.length === 0 ? "none" : alerts.join(", ")} |`;
  });
  return ["| disaster | alerts, and after how long |", "| --- | --- |", ...rows].join("\n");
}

function span(hours: number): string {
  if (hours < 1) return `${Math.round(hours * 60)} min`;
  return hours < 48 ? `${Math.round(hours)} h` : `${Math.round(hours / 24)} d`;
}

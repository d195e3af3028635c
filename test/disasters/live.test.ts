import { beforeAll, describe, expect, test } from "vitest";

import { requirePeer } from "../support/agent/peers.ts";
import type { LiveDisaster } from "../support/disasters/live-disaster.ts";
import { playLive } from "../support/disasters/play-live.ts";
import type { LiveVerdict } from "../support/disasters/play-live.ts";
import { AGENT_DISASTERS } from "./agent-disasters.ts";
import { EXPECTATION_DISASTERS } from "./expectation-disasters.ts";
import { LAST_LIVE_DISASTER, LIVE_DISASTERS } from "./live-disasters.ts";
import { REMOVAL_DISASTERS } from "./removal-disasters.ts";

const ALL = [...LIVE_DISASTERS, LAST_LIVE_DISASTER];
const LIMIT_MS = 1_200_000;

/** The alerts of the disaster with this name that is played to the agent in another time. */
function alertsOf({ name }: LiveDisaster): readonly string[] {
  const played = [...EXPECTATION_DISASTERS, ...AGENT_DISASTERS, ...REMOVAL_DISASTERS];
  const same = played.find((disaster) => disaster.name === name);
  if (!same) throw new Error(`there is no disaster "${name}"`);
  return Object.keys(same.alerts).toSorted();
}

const canRun = requirePeer("prometheus") !== undefined && requirePeer("alertmanager") !== undefined;

describe.skipIf(!canRun)("a real Prometheus and a real Alertmanager", () => {
  let verdicts: ReadonlyMap<LiveDisaster, LiveVerdict>;

  beforeAll(async () => {
    verdicts = await playLive(LIVE_DISASTERS, LAST_LIVE_DISASTER, alertsOf);
    process.stdout.write(`${tableOf(verdicts)}\n`);
  }, LIMIT_MS);

  test.for(ALL)("$name: exactly the alerts of the table, until the repair", (disaster) => {
    const verdict = verdicts.get(disaster);
    expect({
      early: [...(verdict?.early ?? [])],
      arrived: [...(verdict?.arrived.keys() ?? [])].toSorted(),
      fired: [...(verdict?.fired ?? [])].toSorted(),
      hasEnded: verdict?.endedAfter !== undefined,
    }).toEqual({
      early: [],
      arrived: alertsOf(disaster),
      fired: alertsOf(disaster),
      hasEnded: true,
    });
  });
});

function tableOf(verdicts: ReadonlyMap<LiveDisaster, LiveVerdict>): string {
  const rows = [...verdicts].map(([{ name }, { arrived, endedAfter }]) => {
    const alerts = [...arrived].map(([alert, seconds]) => `${alert} ${seconds.toFixed(0)} s`);
    return `| ${name} | ${alerts.join(", ")} | ${endedAfter?.toFixed(0) ?? "not ended"} s |`;
  });
  return ["| live | alerts | ended after the repair |", "| --- | --- | --- |", ...rows].join("\n");
}

import { rename } from "node:fs/promises";

import type { Disaster } from "../support/disasters/disaster.ts";
import type { Job, World } from "../support/disasters/world.ts";

const WEB: Job = { host: "web" };
const EXPECTED = { expect: [{ name: "servers", hosts: ["web"], users: ["root"], maxAge: "26h" }] };

async function restart(world: World): Promise<void> {
  await world.agent.kill();
  await world.agent.start(world.now);
}

/** The agent does not answer for an hour. */
function outage(
  name: string,
  begin: (world: World) => Promise<void> | void,
  end: (world: World) => Promise<void> | void,
): Disaster {
  return {
    name,
    settings: EXPECTED,
    stepMinutes: 5,
    async play(world) {
      await world.begins(3, WEB);
      await world.hours(1);
      world.strike();
      await begin(world);
      await world.hours(1);
      world.repair();
      await end(world);
      await world.hours(1);
    },
    alerts: { BackupAgentDown: 0.25 },
    endsWithin: 0.5,
  };
}

export const AGENT_DISASTERS: readonly Disaster[] = [
  outage(
    "the agent is killed",
    (world) => world.agent.kill(),
    (world) => world.agent.start(world.now),
  ),
  outage(
    "the agent hangs",
    (world) => world.agent.hang(),
    (world) => world.agent.goOn(),
  ),
  {
    name: "the agent restarts again and again",
    settings: EXPECTED,
    stepMinutes: 5,
    async play(world) {
      await world.begins(3, WEB);
      await world.hours(1);
      world.strike();
      for (let restarts = 0; restarts < 6; restarts++) {
        await restart(world);
        await world.hours(1 / 6);
      }
      world.repair();
      await world.hours(2);
    },
    alerts: { BackupAgentRestarting: 0.75 },
    endsWithin: 1.5,
  },
  {
    name: "a late backup, and the agent is restarted",
    settings: EXPECTED,
    stepMinutes: 5,
    async play(world) {
      await world.begins(3, WEB);
      world.jobs.clear();
      await world.hours(1);
      world.strike();
      await world.hours(5);
      await restart(world);
      await world.hours(1);
      world.repair();
      await world.backup(WEB);
      await world.hours(1);
    },
    alerts: { BackupLate: 5 },
    endsWithin: 0.5,
  },
  {
    name: "Prometheus is restarted (no alert)",
    settings: EXPECTED,
    stepMinutes: 5,
    async play(world) {
      await world.begins(3, WEB);
      await world.hours(1);
      world.strike();
      const { instance } = world;
      world.instance = undefined;
      await world.hours(1 / 6);
      world.instance = instance;
      await world.hours(1);
    },
    alerts: {},
  },
  {
    name: "the pod of the agent is rolled out (no alert)",
    settings: EXPECTED,
    stepMinutes: 5,
    async play(world) {
      await world.begins(3, WEB);
      await world.hours(1);
      world.strike();
      await restart(world);
      world.instance = "agent-2:9121";
      await world.hours(2);
    },
    alerts: {},
  },
  {
    name: "a repository cannot be reached for three days",
    settings: EXPECTED,
    async play(world) {
      await world.begins(3, WEB);
      await world.days(1);
      world.strike();
      const away = `${world.repository.folder}-away`;
      await rename(world.repository.folder, away);
      world.jobs.clear();
      await world.days(3);
      world.repair();
      await rename(away, world.repository.folder);
      await world.backup(WEB);
      await world.hours(6);
    },
    alerts: { BackupRepositoryUnreadable: 2, BackupLateUnread: 6 },
  },
  {
    name: "the agent collects no more",
    settings: { cron: "0 0 1 1 *" },
    async play(world) {
      await world.begins(3, WEB);
      await world.hours(8);
      world.strike();
      world.agent.collects = false;
      await world.hours(40);
      world.repair();
      world.agent.collects = true;
      await world.hours(4);
    },
    alerts: { BackupCollectionTooOld: 37 },
  },
];

import type { Disaster } from "../support/disasters/disaster.ts";
import { WEB } from "../support/disasters/scenery.ts";
import { nothing, story } from "../support/disasters/story.ts";
import type { World } from "../support/disasters/world.ts";

const SCENERY = {
  settings: { expect: [{ name: "servers", hosts: ["web"], users: ["root"], maxAge: "26h" }] },
  stepMinutes: 5,
};

/** The agent does not answer for an hour. */
function outage(
  name: string,
  strike: (world: World) => Promise<void> | void,
  repair: (world: World) => Promise<void> | void,
): Disaster {
  return {
    name,
    ...SCENERY,
    play: story({ jobs: [WEB], quiet: 1, strike, lasts: 1, repair, ends: 1 }),
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
    ...SCENERY,
    play: story({
      jobs: [WEB],
      quiet: 1,
      async strike(world) {
        for (let restarts = 0; restarts < 6; restarts++) {
          await world.restart();
          await world.hours(1 / 6);
        }
      },
      lasts: 0,
      repair: nothing,
      ends: 2,
    }),
    alerts: { BackupAgentRestarting: 0.75 },
    endsWithin: 1.5,
  },
  {
    name: "a late backup, and the agent is restarted",
    ...SCENERY,
    async play(world) {
      await world.begins(3, WEB);
      world.jobs.clear();
      await world.hours(1);
      world.strike();
      await world.hours(5);
      await world.restart();
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
    ...SCENERY,
    async play(world) {
      await world.begins(3, WEB);
      await world.hours(1);
      await world.hoursWithoutScrapes(1 / 6);
      await world.hours(1);
    },
    alerts: {},
  },
  {
    name: "the pod of the agent is rolled out (no alert)",
    ...SCENERY,
    async play(world) {
      await world.begins(3, WEB);
      await world.hours(1);
      await world.restart();
      world.instance = "agent-2:9121";
      await world.hours(2);
    },
    alerts: {},
  },
  {
    name: "a repository cannot be reached for three days",
    settings: SCENERY.settings,
    play: story({
      jobs: [WEB],
      quiet: 24,
      async strike(world) {
        await world.repository.goAway();
        world.jobs.clear();
      },
      lasts: 72,
      async repair(world) {
        await world.repository.comeBack();
        await world.backup(WEB);
      },
      ends: 6,
    }),
    alerts: { BackupRepositoryUnreadable: 2, BackupLateUnread: 6 },
  },
  {
    name: "the agent collects no more",
    settings: { cron: "0 0 1 1 *" },
    play: story({
      jobs: [WEB],
      strike: (world) => (world.agent.collects = false),
      lasts: 40,
      repair: (world) => (world.agent.collects = true),
    }),
    alerts: { BackupCollectionTooOld: 37 },
  },
];

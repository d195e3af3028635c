import type { Disaster } from "../support/disasters/disaster.ts";
import { PASSWORD } from "../support/disasters/repository-on-disk.ts";
import { WEB } from "../support/disasters/scenery.ts";
import type { Job } from "../support/disasters/scenery.ts";
import { inEach, story } from "../support/disasters/story.ts";
import type { World } from "../support/disasters/world.ts";
import { startRestServer } from "../support/stores/rest-server.ts";

function entries(...numbers: readonly number[]): readonly object[] {
  return numbers.map((number) => ({ repo: `/repository-${number}`, password: PASSWORD }));
}

/** Expectations of a site. The other site has ones of the same names, of another host or another user. */
function ofSite(which: string, host: string, user: string, copies: number): readonly object[] {
  return [
    { name: `late-${which}`, paths: ["/late"] },
    { name: `never-${which}`, paths: ["/never"] },
    { name: `copied-${which}`, paths: ["/data"], copies },
  ].map((entry) => Object.assign({ hosts: [host], users: [user], maxAge: "26h" }, entry));
}

/** A storage server answers nothing, and the first collections of some agents wait for it for two days. */
function firstCollection(
  name: string,
  waiting: readonly number[],
  rest: Partial<Disaster> = {},
): Disaster {
  return {
    name,
    async play(world) {
      await world.begins(1, WEB);
      await world.hours(2);
      const server = await startRestServer({ path: world.repository.folder });
      try {
        server.kill("SIGSTOP");
        world.strike();
        for (const number of waiting) {
          world.agentAt(number).collects = false;
          await world.restart(number, {
            repositories: [{ repo: `rest:${server.url}/`, password: PASSWORD }],
            timeout: "30d",
            requestTimeout: "30d",
            startupWait: "1s",
          });
        }
        await world.hours(40);
        world.repair();
        server.kill("SIGCONT");
        for (const number of waiting) world.agentAt(number).collects = true;
        await world.hours(4);
      } finally {
        server.kill("SIGCONT");
        await server.stop();
      }
    },
    alerts: { BackupCollectionTooOld: 37 },
    ...rest,
  };
}

/** Other programs were started long ago, and then start again and again. */
async function restarts(world: World): Promise<void> {
  for (let times = 0; times < 6; times++) {
    for (const number of [2, 3]) await world.restart(number);
    await world.hours(1 / 6);
  }
}

/** Agents that are not a pair: sites, shards, agents that push beside ones that are scraped; and other programs. */
export const SEVERAL_AGENTS_DISASTERS: readonly Disaster[] = [
  {
    name: "two sites have expectations of the same names, and the repository of one was never read",
    repositories: 3,
    settings: {
      repositories: entries(1, 2),
      expect: [...ofSite("hosts", "web", "root", 2), ...ofSite("users", "web", "root", 2)],
    },
    others: [
      {
        settings: {
          repositories: entries(3),
          expect: [...ofSite("hosts", "db", "root", 1), ...ofSite("users", "web", "pg", 1)],
        },
      },
    ],
    async play(world) {
      const third = world.repositoryAt(3);
      await third.goAway();
      const late: Job = { host: "web", paths: ["/late"] };
      const copies = inEach({ host: "web", paths: ["/data"] }, 1, 2);
      world.strike();
      await world.begins(1, late, ...copies);
      world.jobs.clear();
      for (const copy of copies.slice(0, 1)) world.jobs.add(copy);
      await world.hours(10);
      world.repair();
      await third.comeBack();
      for (const path of ["/late", "/never", "/data"]) {
        const backup = { host: "web", paths: [path] };
        for (const number of [1, 2]) await world.backup(backup, number);
        await world.backup({ ...backup, user: "pg" }, 3);
        await world.backup({ ...backup, host: "db" }, 3);
      }
      await world.hours(4);
    },
    alerts: {
      BackupRepositoryUnreadable: 2,
      BackupNeverSeen: 1,
      BackupLate: 6,
      BackupCopyLate: 6,
      BackupUnknown: 8,
    },
  },
  firstCollection("the first collection of the only agent takes two days", [1]),
  firstCollection("the first collections of two of three agents take two days", [1, 3], {
    others: [{}, { job: "restic-otel-b", instance: "agent-2:9121" }],
  }),
  {
    name: "an application embeds the gauges (no alert)",
    isApplication: true,
    job: "application",
    stepMinutes: 5,
    async play(world) {
      await world.begins(3, WEB);
      await world.hours(2);
    },
    alerts: {},
  },
  {
    name: "other programs at the address and of the job of an agent start again and again (no alert)",
    stepMinutes: 5,
    others: [
      { job: "application", instance: "agent-1:9121" },
      { job: "restic-otel", instance: "application:9464" },
    ].map((target) =>
      Object.assign({ isApplication: true, settings: { repositories: [] } }, target),
    ),
    async play(world) {
      const programs = [2, 3].map((number) => world.agentAt(number));
      for (const program of programs) program.aheadMs = -48 * 3_600_000;
      await world.begins(3, WEB);
      for (const program of programs) program.aheadMs = 0;
      await world.hours(1);
      await restarts(world);
      await world.hours(1);
    },
    alerts: {},
  },
  {
    name: "all targets are down, and one of two agents that push is killed",
    others: ["b", "c"].map((site) => ({ job: `restic-otel-${site}`, isPushed: true })),
    stepMinutes: 5,
    play: story({
      jobs: [WEB],
      quiet: 1,
      async strike(world) {
        for (const number of [1, 2]) await world.agentAt(number).kill();
      },
      lasts: 1,
      async repair(world) {
        for (const number of [1, 2]) await world.agentAt(number).start(world.now);
      },
      ends: 1,
    }),
    alerts: { BackupAgentDown: 0.25, BackupAgentMissing: 0.5 },
    endsWithin: 0.5,
  },
  {
    name: "one of two shards that push is killed; another agent is scraped, and a shard of three was taken away",
    settings: { shard: "0/1" },
    others: ["0/2", "1/2", "0/3"].map((shard) => ({ isPushed: true, settings: { shard } })),
    stepMinutes: 5,
    async play(world) {
      await world.begins(3, WEB);
      await world.hours(1);
      await world.agentAt(4).kill();
      await world.hours(0.5);
      world.strike();
      await world.agentAt(2).kill();
      await world.hours(1);
      world.repair();
      await world.agentAt(2).start(world.now);
      await world.hours(1);
    },
    alerts: { BackupAgentMissing: 0.5 },
    endsWithin: 0.5,
  },
];

import type { Disaster } from "../support/disasters/disaster.ts";
import { PASSWORD } from "../support/disasters/repository-on-disk.ts";
import { DB, EVENT_HOURS, SERVERS, WEB } from "../support/disasters/scenery.ts";
import type { Job } from "../support/disasters/scenery.ts";
import { nothing, story } from "../support/disasters/story.ts";

/** All snapshots of some hosts were forgotten. */
function forgotten(...sets: readonly Job[]): Disaster["play"] {
  return story({
    days: 10,
    jobs: [WEB, DB],
    async strike(world) {
      for (const set of sets) await world.forget(set);
    },
    lasts: 4,
    repair: nothing,
    ends: 4 + EVENT_HOURS,
  });
}

/** More backup sets or slots than are allowed. */
function hidden(name: string, limit: string, more: object): Disaster {
  return {
    name,
    settings: { ...more, [limit]: 1 },
    play: story({
      jobs: [{ host: "web-1" }],
      strike: (world) => world.backup({ host: "web-2" }),
      lasts: 4,
      repair: (world) => world.reload({ [limit]: 10 }),
    }),
    alerts: { BackupSetsHidden: 2 },
  };
}

export const SET_DISASTERS: readonly Disaster[] = [
  {
    name: "the backups of a host stopped, and there are no expectations",
    stepMinutes: 120,
    async play(world) {
      const old: Job = { host: "old", hours: [4] };
      await world.begins(3, { ...WEB, hours: [4] }, old);
      await world.days(1);
      world.strike();
      world.jobs.delete(old);
      await world.days(5);
      world.repair();
      await world.backup(old);
      await world.hours(8);
    },
    alerts: { BackupSetTooOld: 3 * 24 + 6 },
  },
  {
    name: "all snapshots of a host were forgotten, and the agent has no state folder",
    settings: SERVERS,
    hasStateDir: false,
    play: forgotten(DB),
    alerts: { BackupNewestRemoved: 1, BackupSetVanished: 2, BackupNeverSeen: 1 },
    endsWithin: EVENT_HOURS,
  },
  {
    name: "all snapshots of a repository were forgotten",
    settings: SERVERS,
    play: forgotten(WEB, DB),
    alerts: {
      BackupRepositoryEmpty: 1,
      BackupNewestRemoved: 1,
      "BackupMassRemoval (critical)": 1,
      BackupSetsVanished: 1,
      BackupNeverSeen: 1,
    },
    endsWithin: EVENT_HOURS,
  },
  {
    name: "the snapshots of one user of a host were forgotten from one of two repositories; another agent has a state folder",
    hasStateDir: false,
    repositories: 2,
    others: [
      {
        settings: { repositories: [{ repo: "/repository-2", password: PASSWORD }] },
        hasStateDir: true,
      },
    ],
    play: story({
      days: 10,
      jobs: [WEB, DB, { ...DB, user: "pg" }, { ...DB, repository: 2 }],
      strike: (world) => world.forget(DB),
      lasts: 4,
      repair: (world) => world.backup(DB),
    }),
    alerts: { BackupSetVanished: 2 },
  },
  hidden("a repository has more backup sets than may be shown", "maxSets", {}),
  hidden("an expectation has more slots than may be shown", "maxSlots", {
    expect: [{ name: "servers", hosts: ["web-*"], users: ["root"], maxAge: "26h" }],
  }),
];

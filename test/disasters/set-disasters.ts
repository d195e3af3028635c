import { cp, rename, rm } from "node:fs/promises";

import type { Disaster } from "../support/disasters/disaster.ts";
import type { Job, World } from "../support/disasters/world.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WEB: Job = { host: "web" };
const DB: Job = { host: "db" };
const EXPECTED = {
  expect: [{ name: "servers", hosts: ["web", "db"], users: ["root"], maxAge: "26h" }],
};

async function forgetAll(world: World, ...hosts: readonly string[]): Promise<void> {
  for (const host of hosts)
    await world.repository.remove("snapshots", world.idsOf({ host }).splice(0));
}

/** More backup sets or slots than are allowed. */
function hidden(name: string, settings: object): Disaster {
  return {
    name,
    settings: { ...settings },
    async play(world) {
      await world.begins(3, { host: "web-1" });
      await world.hours(8);
      world.strike();
      await world.backup({ host: "web-2" });
      await world.hours(4);
    },
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
    settings: EXPECTED,
    hasStateDir: false,
    async play(world) {
      await world.begins(10, WEB, DB);
      await world.hours(8);
      world.strike();
      await forgetAll(world, "db");
      await world.hours(4);
      world.repair();
      await world.hours(4 + 3 * 24);
    },
    alerts: { BackupNewestRemoved: 1, BackupSetVanished: 2, BackupNeverSeen: 1 },
    endsWithin: 3 * 24,
  },
  {
    name: "all snapshots of a repository were forgotten",
    settings: EXPECTED,
    async play(world) {
      await world.begins(10, WEB, DB);
      await world.hours(8);
      world.strike();
      await forgetAll(world, "web", "db");
      await world.hours(4);
      world.repair();
      await world.hours(4 + 3 * 24);
    },
    alerts: {
      BackupRepositoryEmpty: 1,
      BackupNewestRemoved: 1,
      "BackupMassRemoval (critical)": 1,
      BackupSetsVanished: 1,
      BackupNeverSeen: 1,
    },
    endsWithin: 3 * 24,
  },
  {
    name: "an agent without a state folder is started on another repository",
    settings: { expect: [{ name: "servers", hosts: ["web"], users: ["root"], maxAge: "26h" }] },
    hasStateDir: false,
    async play(world) {
      await world.begins(3, WEB);
      await world.hours(30);
      world.strike();
      world.jobs.clear();
      const { folder } = world.repository;
      await world.agent.kill();
      await cp(folder, `${folder}-right`, { recursive: true });
      await world.repository.replace();
      await world.backup(WEB);
      await world.agent.start(world.now);
      await world.hours(4);
      world.repair();
      await world.agent.kill();
      await rm(folder, { recursive: true });
      await rename(`${folder}-right`, folder);
      await world.agent.start(world.now);
      await world.hours(4);
    },
    alerts: { BackupRepositoryReplaced: 2 },
  },
  {
    name: "two repositories are exchanged, and the agent has no state folder",
    hasStateDir: false,
    repositories: 2,
    async play(world) {
      const [first, second] = world.repositories;
      if (!first || !second) throw new Error("there are no two repositories");
      const exchange = async (): Promise<void> => {
        await world.agent.kill();
        await rename(first.folder, `${first.folder}-other`);
        await rename(second.folder, first.folder);
        await rename(`${first.folder}-other`, second.folder);
        await world.agent.start(world.now);
      };
      await world.begins(3, WEB, { ...WEB, repository: second });
      await world.hours(8);
      world.strike();
      world.jobs.clear();
      await exchange();
      await world.hours(4);
      world.repair();
      await exchange();
      await world.hours(4);
    },
    alerts: { BackupRepositoryReplaced: 2 },
  },
  {
    name: "one of two repositories cannot be reached, and an agent without a state folder is restarted",
    hasStateDir: false,
    repositories: 2,
    async play(world) {
      const [first, second] = world.repositories;
      if (!first || !second) throw new Error("there are no two repositories");
      await world.begins(3, WEB, { ...WEB, repository: second });
      await world.hours(8);
      world.strike();
      await rename(first.folder, `${first.folder}-away`);
      await world.agent.kill();
      await world.agent.start(world.now);
      await world.hours(4);
      world.repair();
      await rename(`${first.folder}-away`, first.folder);
      await world.hours(4);
    },
    alerts: { BackupRepositoryUnreadable: 2 },
  },
  {
    name: "the snapshots of one user of a host were forgotten from one of two repositories",
    hasStateDir: false,
    repositories: 2,
    async play(world) {
      const [, second] = world.repositories;
      if (!second) throw new Error("there is no second repository");
      await world.begins(10, WEB, DB, { ...DB, user: "pg" }, { ...DB, repository: second });
      await world.hours(8);
      world.strike();
      await forgetAll(world, "db");
      await world.hours(4);
    },
    alerts: { BackupSetVanished: 2 },
  },
  {
    name: "snapshots were rewritten without a file",
    settings: EXPECTED,
    async play(world) {
      await world.begins(10, WEB, DB);
      await world.hours(8);
      world.strike();
      const ids = world.idsOf({ host: "db" });
      const last = ids.length - 1;
      for (const [index, original] of ids.entries())
        await world.repository.backup(world.now - 5 * HOUR - (last - index) * DAY, {
          host: "db",
          files: 999,
          original,
          tree: "e".repeat(64),
        });
      await world.repository.remove("snapshots", ids.splice(0));
      await world.hours(4);
      world.repair();
      await world.hours(4 + 3 * 24);
    },
    alerts: { BackupSnapshotsRewritten: 1 },
    endsWithin: 3 * 24,
  },
  hidden("a repository has more backup sets than may be shown", { maxSets: 1 }),
  hidden("an expectation has more slots than may be shown", {
    maxSlots: 1,
    expect: [{ name: "servers", hosts: ["web-*"], users: ["root"], maxAge: "26h" }],
  }),
];

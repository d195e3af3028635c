import { rename } from "node:fs/promises";

import type { Disaster } from "../support/disasters/disaster.ts";
import { PASSWORD } from "../support/disasters/repository-on-disk.ts";
import type { Backup } from "../support/disasters/repository-on-disk.ts";
import type { World } from "../support/disasters/world.ts";

const FIRST = "/repository-1";
const SECOND = "/repository-2";
const THIRD = "/repository-3";
const WEB: Backup = { host: "web" };
const WEB_PG: Backup = { host: "web", user: "pg" };
const WEB_SRV: Backup = { host: "web", paths: ["/srv"] };
const DB: Backup = { host: "db" };
const DB_PG: Backup = { host: "db", user: "pg" };

/** Daily snapshots in a repository of this number, of which the last one is different. */
async function past(
  world: World,
  repository: number,
  backup: Backup,
  { daysAgo = 1, last = {} }: { readonly daysAgo?: number; readonly last?: Partial<Backup> } = {},
): Promise<void> {
  const there = world.repositories[repository - 1];
  for (let day = 4; day > 0; day--) await world.backup(backup, there, daysAgo + day);
  await world.backup({ ...backup, ...last }, there, daysAgo);
}

/** Neighbours differ in one label: no alert of one hides that of another one, or is taken for it. */
export const FLEET_DISASTERS: readonly Disaster[] = [
  {
    name: "in a fleet one backup stopped, and copies of others",
    repositories: 2,
    settings: {
      expect: [
        { hosts: ["web", "db"], users: ["root", "pg"], paths: ["/data"], name: "data" },
        { hosts: ["web"], users: ["root"], paths: ["/srv"], name: "srv" },
      ].map((entry) => Object.assign({ maxAge: "26h", copies: 2 }, entry)),
    },
    async play(world) {
      const [, second] = world.repositories;
      if (!second) throw new Error("there is no second repository");
      const all = [WEB, WEB_PG, WEB_SRV, DB, DB_PG];
      await world.begins(
        3,
        ...all,
        ...all.map((job) => Object.assign({ repository: second }, job)),
      );
      await world.hours(4);
      world.strike();
      world.jobs.clear();
      for (const job of [WEB_PG, WEB_SRV, DB, DB_PG]) world.jobs.add(job);
      world.jobs.add({ ...DB_PG, repository: second });
      await world.hours(30);
    },
    alerts: { BackupLate: 26, BackupCopyLate: 26 },
  },
  {
    name: "in a fleet one of two repositories was never read",
    repositories: 2,
    settings: {
      expect: [
        { name: "here", repositories: [FIRST], hosts: ["web", "never"] },
        { name: "there", repositories: [SECOND], hosts: ["web", "never"] },
        { name: "both", hosts: ["web", "gone"] },
      ].map((entry) => Object.assign({ users: ["root"], maxAge: "26h" }, entry)),
    },
    async play(world) {
      const { folder = "" } = world.repositories[1] ?? {};
      await rename(folder, `${folder}-away`);
      world.strike();
      await world.begins(1, WEB);
      world.jobs.clear();
      await world.hours(8);
      await rename(`${folder}-away`, folder);
    },
    alerts: {
      BackupRepositoryUnreadable: 2,
      BackupNeverSeen: 1,
      BackupLate: 6,
      BackupLateUnread: 6,
      BackupUnknown: 8,
    },
  },
  {
    name: "one agent of a pair cannot read one of three repositories",
    repositories: 3,
    settings: {
      expect: [
        { name: "never", hosts: ["never"] },
        { name: "copied", repositories: [FIRST, SECOND], hosts: ["web"], copies: 2 },
        { name: "other", repositories: [FIRST, THIRD], hosts: ["web"], copies: 2 },
      ].map((entry) => Object.assign({ users: ["root"], maxAge: "26h" }, entry)),
    },
    second: {
      repositories: [
        { repo: FIRST, password: PASSWORD },
        { repo: SECOND, password: "wrong" },
        { repo: THIRD, password: PASSWORD },
      ],
    },
    async play(world) {
      const [, second, third] = world.repositories;
      if (!second || !third) throw new Error("there are no three repositories");
      const copies = [second, third].map((repository) => ({ host: "web", repository }));
      world.strike();
      await world.begins(1, WEB, ...copies);
      world.jobs.clear();
      world.jobs.add(WEB);
      await world.hours(10);
    },
    alerts: { BackupRepositoryUnreadable: 2, BackupLateUnread: 1, BackupCopyLate: 6 },
  },
  {
    name: "in a fleet an old set and an empty one are in no expectation",
    repositories: 2,
    settings: {
      expect: [
        { name: "second", repositories: [SECOND], hosts: ["old", "empty"], users: ["root"] },
        { name: "first", repositories: [FIRST], hosts: ["web"], users: ["root"] },
        { name: "pg", repositories: [FIRST], hosts: ["old", "empty"], users: ["pg"] },
      ].map((entry) => Object.assign({ maxAge: "10d" }, entry)),
    },
    async play(world) {
      for (const host of ["old", "empty"]) {
        await past(world, 2, { host });
        await past(world, 1, { host, user: "pg" });
      }
      await past(world, 1, WEB);
      await past(world, 1, { host: "old" }, { daysAgo: 5 });
      await past(world, 1, { host: "empty" }, { last: { files: 0 } });
      world.strike();
      await world.begins(0);
      await world.hours(6);
    },
    alerts: { BackupSetTooOld: 1, BackupEmpty: 1, BackupUnexpectedSets: 2 },
  },
  {
    name: "in a fleet backups have fewer files, or fewer bytes, or none",
    repositories: 2,
    async play(world) {
      await past(world, 1, { host: "files" }, { last: { files: 400, bytes: 1000 * 2 ** 20 } });
      await past(world, 1, { host: "bytes" }, { last: { bytes: 400 * 2 ** 20 } });
      const silent = { daysAgo: 8, last: { files: 400 } };
      await past(world, 2, { host: "files" }, silent);
      await past(world, 1, { host: "silent" }, silent);
      await past(world, 1, { host: "files", user: "pg" }, silent);
      const empty = { last: { files: 0 } };
      await past(world, 2, { host: "bytes" }, empty);
      await past(world, 1, { host: "other" }, empty);
      await past(world, 1, { host: "bytes", user: "pg" }, empty);
      world.strike();
      await world.begins(0);
      await world.hours(4);
    },
    alerts: { BackupShrunk: 1, BackupEmpty: 1, BackupSetTooOld: 1 },
  },
  {
    name: "in a fleet snapshots were removed from five repositories",
    repositories: 5,
    async play(world) {
      const [, , few, , fewest] = world.repositories;
      for (const repository of [few, fewest])
        for (let quarter = 4; quarter > 0; quarter--)
          await world.backup(WEB, repository, quarter / 4);
      const daily = world.repositories.filter((one) => one !== few && one !== fewest);
      await world.begins(11, ...daily.map((repository) => ({ host: "web", repository })));
      await world.hours(8);
      world.strike();
      // Most of them; too few for that; few in all; too few with the newest; few in all with the newest.
      const removed = [
        [0, 9],
        [0, 5],
        [0, 3],
        [-5, 5],
        [-3, 3],
      ] as const;
      for (const [index, [start, count]] of removed.entries()) {
        const repository = world.repositories[index];
        const ids = world.idsOf(WEB, repository).splice(start, count);
        await repository?.remove("snapshots", ids);
      }
      await world.hours(4);
    },
    alerts: { "BackupMassRemoval (warning)": 1, BackupNewestRemoved: 1, BackupSetTooOld: 1 },
  },
  {
    name: "in a fleet a mount holds a lock for days, and others are stale",
    repositories: 2,
    settings: { locks: { every: "15m" } },
    async play(world) {
      const [first, second] = world.repositories;
      if (!first || !second) throw new Error("there are no two repositories");
      await world.begins(3, WEB, { ...WEB, repository: second });
      await world.hours(8);
      world.strike();
      await second.lock(world.now, false);
      await first.lock(world.now, true);
      for (let hour = 0; hour < 52; hour++) {
        const id = await first.lock(world.now, false);
        await world.hours(1);
        await first.remove("locks", [id]);
      }
    },
    alerts: { BackupStaleLock: 2, BackupStaleExclusiveLock: 2, BackupLockHeld: 50 },
  },
  {
    name: "in a fleet forget does not run, and some expectations are too new to show it, or were removed",
    repositories: 3,
    settings: { expect: [kept("kept"), kept("gone", FIRST)] },
    stepMinutes: 240,
    async play(world) {
      const [, second, third] = world.repositories;
      if (!second || !third) throw new Error("there are no three repositories");
      world.strike();
      await rename(third.folder, `${third.folder}-away`);
      const job = { ...WEB, hours: [4] };
      await world.begins(20, job, { ...job, repository: second });
      await world.days(4);
      await rename(`${third.folder}-away`, third.folder);
      for (let day = 20; day > 0; day--) await world.backup(WEB, third, day);
      world.jobs.add({ ...job, repository: third });
      await world.reload({ expect: [kept("kept"), kept("gone", FIRST), kept("new", FIRST)] });
      await world.days(3);
      await world.reload({ expect: [kept("kept", FIRST, THIRD), kept("new", FIRST)] });
      await world.days(2);
    },
    alerts: {
      BackupRepositoryUnreadable: 8,
      BackupUnexpectedSets: 7 * 24 + 8,
      BackupForgetMissing: 8 * 24 + 8,
    },
  },
];

/** An expectation of two weeks. */
function kept(name: string, ...repositories: readonly string[]): object {
  const there = repositories.length === 0 ? {} : { repositories };
  return { name, ...there, hosts: ["web"], maxAge: "40d", retention: { daily: 14 } };
}

import type { Disaster } from "../support/disasters/disaster.ts";
import { PASSWORD } from "../support/disasters/repository-on-disk.ts";
import type { Backup } from "../support/disasters/repository-on-disk.ts";
import { inEach, story } from "../support/disasters/story.ts";
import type { World } from "../support/disasters/world.ts";

const FIRST = "/repository-1";
const SECOND = "/repository-2";
const THIRD = "/repository-3";
const WEB: Backup = { host: "web" };
const WEB_PG: Backup = { host: "web", user: "pg" };
const WEB_SRV: Backup = { host: "web", paths: ["/srv"] };
const DB: Backup = { host: "db" };
const DB_PG: Backup = { host: "db", user: "pg" };
const ALL = [WEB, WEB_PG, WEB_SRV, DB, DB_PG];

/** Daily snapshots in a repository of this number, of which the last one is different. */
async function past(
  world: World,
  repository: number,
  backup: Backup,
  { daysAgo = 1, last = {} }: { readonly daysAgo?: number; readonly last?: Partial<Backup> } = {},
): Promise<void> {
  for (let day = 4; day > 0; day--) await world.backup(backup, repository, daysAgo + day);
  await world.backup({ ...backup, ...last }, repository, daysAgo);
}

function entries(...repositories: readonly string[]): readonly object[] {
  return repositories.map((repo) => ({ repo, password: PASSWORD }));
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
    play: story({
      jobs: ALL.flatMap((job) => inEach(job, 1, 2)),
      quiet: 4,
      strike(world) {
        world.jobs.clear();
        for (const job of [WEB_PG, WEB_SRV, DB, DB_PG]) world.jobs.add(job);
        world.jobs.add({ ...DB_PG, repository: 2 });
      },
      lasts: 30,
      async repair(world) {
        for (const job of ALL.flatMap((one) => inEach(one, 1, 2)))
          await world.backup(job, job.repository);
      },
    }),
    alerts: { BackupLate: 26, BackupCopyLate: 26 },
  },
  {
    name: "one backup comes in the last minute, between two scrapes, and its neighbours are late",
    settings: {
      expect: [
        { name: "data", hosts: ["web", "db"], users: ["root", "pg"], paths: ["/data"] },
        { name: "srv", hosts: ["web"], users: ["root"], paths: ["/srv"] },
      ].map((entry) => Object.assign({ maxAge: "26h" }, entry)),
    },
    stepMinutes: 2,
    async play(world) {
      // In five minutes the first one is late by the clock of Prometheus.
      await world.backup(WEB, 1, (26 - 5 / 60) / 24);
      for (const job of ALL.slice(1)) await world.backup(job, 1, 2);
      await world.backup(DB_PG, 1, 1);
      world.strike();
      await world.begins(0);
      await world.hours(4 / 60);
      await world.backup(WEB);
      await world.hoursWithoutScrapes(2 / 60);
      await world.hours(10 / 60);
      world.repair();
      for (const job of ALL) await world.backup(job);
      await world.hours(30 / 60);
    },
    alerts: { BackupLate: 0.1 },
    endsWithin: 0.5,
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
      const second = world.repositoryAt(2);
      await second.goAway();
      world.strike();
      await world.begins(1, WEB);
      world.jobs.clear();
      await world.hours(8);
      world.repair();
      await second.comeBack();
      for (const host of ["web", "never", "gone"])
        for (const number of [1, 2]) await world.backup({ host }, number);
      await world.hours(4);
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
    others: [
      {
        settings: {
          repositories: [...entries(FIRST, THIRD), { repo: SECOND, password: "wrong" }],
        },
      },
    ],
    async play(world) {
      world.strike();
      await world.begins(1, ...inEach(WEB, 1, 2, 3));
      world.jobs.clear();
      world.jobs.add(WEB);
      await world.hours(10);
      world.repair();
      await world.reload({ repositories: entries(FIRST, SECOND, THIRD) }, 2);
      for (const host of ["web", "never"])
        for (const number of [1, 2, 3]) await world.backup({ host }, number);
      await world.hours(4);
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
      world.repair();
      await world.reload({
        expect: [
          { name: "root", hosts: ["web", "old", "empty"], users: ["root"], maxAge: "10d" },
          { name: "pg", hosts: ["old", "empty"], users: ["pg"], maxAge: "10d" },
        ],
      });
      await world.backup({ host: "empty" });
      await world.hours(4);
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
      world.repair();
      for (const host of ["files", "bytes", "silent", "other"])
        for (const number of [1, 2])
          for (const user of ["root", "pg"]) await world.backup({ host, user }, number);
      await world.hours(4);
    },
    alerts: { BackupShrunk: 1, BackupEmpty: 1, BackupSetTooOld: 1 },
  },
  {
    name: "in a fleet snapshots were removed from five repositories",
    repositories: 5,
    async play(world) {
      for (const number of [3, 5])
        for (let quarter = 4; quarter > 0; quarter--) await world.backup(WEB, number, quarter / 4);
      await world.begins(11, ...inEach(WEB, 1, 2, 4));
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
      for (const [index, [start, count]] of removed.entries())
        await world.forget(WEB, start, count, index + 1);
      await world.hours(4);
      world.repair();
      for (const number of [1, 2, 3, 4, 5]) await world.backup(WEB, number);
      await world.hours(4 + 3 * 24);
    },
    alerts: { "BackupMassRemoval (warning)": 1, BackupNewestRemoved: 1, BackupSetTooOld: 1 },
    endsWithin: 3 * 24,
  },
];

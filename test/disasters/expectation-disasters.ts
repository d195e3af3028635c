import type { Disaster } from "../support/disasters/disaster.ts";
import { DB, SERVERS, WEB } from "../support/disasters/scenery.ts";
import type { Job, Settings } from "../support/disasters/scenery.ts";
import { nothing, story } from "../support/disasters/story.ts";

/** One expectation of the host web. */
function expecting(name: string, more: object): Settings {
  return { expect: [{ name, hosts: ["web"], users: ["root"], maxAge: "26h", ...more }] };
}

/** The last backup was at 3:00, and it is midnight: 26 hours end at 5:00. */
const LATE_HOURS = 6;

/** A job stops for 30 hours at midnight. */
function stopped(job: Job, ...others: readonly Job[]): Disaster["play"] {
  return story({
    jobs: [...others, job],
    quiet: 24,
    strike: (world) => world.jobs.delete(job),
    lasts: 30,
    repair: (world) => world.backup(job, job.repository),
    ends: 6,
  });
}

/** A host makes other backups than before. */
function changed(job: Job): Disaster["play"] {
  return story({
    days: 7,
    jobs: [WEB, DB],
    quiet: 24,
    strike(world) {
      world.jobs.delete(DB);
      world.jobs.add(job);
    },
    lasts: 26,
    repair: (world) => world.backup(DB),
    ends: 2,
  });
}

export const EXPECTATION_DISASTERS: readonly Disaster[] = [
  {
    name: "a host never made a backup",
    settings: SERVERS,
    play: story({
      jobs: [WEB],
      quiet: 0,
      strike: nothing,
      lasts: 6,
      repair: (world) => world.jobs.add({ ...DB, hours: [8] }),
      ends: 6,
    }),
    alerts: { BackupNeverSeen: 1 },
    endsWithin: 3,
  },
  {
    name: "the backups of a host stopped",
    settings: SERVERS,
    play: stopped(DB, WEB),
    alerts: { BackupLate: LATE_HOURS },
  },
  {
    name: "one of two jobs of a host stopped",
    settings: {
      expect: ["etc", "home"].map((name) =>
        Object.assign(
          { name, paths: [`/${name}`] },
          { hosts: ["web"], users: ["root"], maxAge: "26h" },
        ),
      ),
    },
    play: stopped({ ...WEB, paths: ["/home"] }, { ...WEB, paths: ["/etc"], hours: [4] }),
    alerts: { BackupLate: LATE_HOURS },
  },
  {
    name: "the copy in a second repository is behind",
    settings: expecting("copied", { copies: 2 }),
    repositories: 2,
    play: stopped({ ...WEB, repository: 2, hours: [4] }, WEB),
    alerts: { BackupCopyLate: LATE_HOURS + 1 },
  },
  {
    name: "the source is empty",
    settings: SERVERS,
    play: changed({ ...DB, files: 0 }),
    alerts: { BackupEmpty: 4, BackupLate: LATE_HOURS },
  },
  {
    name: "the source shrank to a third",
    settings: SERVERS,
    play: changed({ ...DB, files: 300 }),
    alerts: { BackupShrunk: 4 },
  },
  {
    name: "nothing is known of an expectation, since its repository was never read",
    settings: SERVERS,
    async play(world) {
      world.strike();
      await world.repository.goAway();
      await world.begins(0);
      await world.hours(8);
      world.repair();
      await world.repository.comeBack();
      for (const job of [WEB, DB]) await world.backup(job);
      await world.hours(4);
    },
    alerts: { BackupRepositoryUnreadable: 2, BackupUnknown: 8 },
  },
  {
    name: "a backup is smaller than expected",
    settings: expecting("files", { minFiles: 500 }),
    play: story({
      days: 1,
      jobs: [WEB],
      strike: (world) => world.backup({ ...WEB, files: 400 }),
      lasts: 4,
      repair: (world) => world.backup(WEB),
    }),
    alerts: { BackupTooSmall: 1 },
  },
  {
    name: "a host makes backups that no expectation covers",
    settings: expecting("servers", {}),
    play: story({
      jobs: [WEB],
      strike: (world) => world.backup({ host: "new" }),
      lasts: 6,
      repair: (world) => world.reload(expecting("servers", { hosts: ["web", "new"] })),
    }),
    alerts: { BackupUnexpectedSets: 3 },
  },
];

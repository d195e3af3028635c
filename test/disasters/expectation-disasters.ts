import { rename } from "node:fs/promises";

import type { Disaster } from "../support/disasters/disaster.ts";
import type { Job, World } from "../support/disasters/world.ts";

const WEB: Job = { host: "web" };
const DB: Job = { host: "db" };
const EXPECTED = {
  expect: [{ name: "servers", hosts: ["web", "db"], users: ["root"], maxAge: "26h" }],
};

/** The last backup was at 3:00, and it is midnight: 26 hours end at 5:00. */
const LATE_HOURS = 6;

/** Keeps 14 snapshots of a host. */
async function forget(world: World): Promise<void> {
  const ids = world.idsOf(WEB);
  await world.repository.remove("snapshots", ids.splice(0, ids.length - 14));
}

export const EXPECTATION_DISASTERS: readonly Disaster[] = [
  {
    name: "a host never made a backup",
    settings: EXPECTED,
    async play(world) {
      world.strike();
      await world.begins(3, WEB);
      await world.hours(6);
      world.repair();
      world.jobs.add({ ...DB, hours: [8] });
      await world.hours(6);
    },
    alerts: { BackupNeverSeen: 1 },
    endsWithin: 3,
  },
  {
    name: "the backups of a host stopped",
    settings: EXPECTED,
    async play(world) {
      await world.begins(3, WEB, DB);
      await world.days(1);
      world.strike();
      world.jobs.delete(DB);
      await world.hours(30);
      world.repair();
      await world.backup(DB);
      await world.hours(6);
    },
    alerts: { BackupLate: LATE_HOURS },
  },
  {
    name: "one of two jobs of a host stopped",
    settings: {
      expect: [
        { name: "etc", hosts: ["web"], paths: ["/etc"], users: ["root"], maxAge: "26h" },
        { name: "home", hosts: ["web"], paths: ["/home"], users: ["root"], maxAge: "26h" },
      ],
    },
    async play(world) {
      const home: Job = { host: "web", paths: ["/home"] };
      await world.begins(3, { host: "web", paths: ["/etc"], hours: [4] }, home);
      await world.days(1);
      world.strike();
      world.jobs.delete(home);
      await world.hours(30);
      world.repair();
      await world.backup(home);
      await world.hours(6);
    },
    alerts: { BackupLate: LATE_HOURS },
  },
  {
    name: "the copy in a second repository is behind",
    settings: {
      expect: [{ name: "copied", hosts: ["web"], users: ["root"], maxAge: "26h", copies: 2 }],
    },
    repositories: 2,
    async play(world) {
      const [, second] = world.repositories;
      if (!second) throw new Error("there is no second repository");
      const copied: Job = { host: "web", repository: second, hours: [4] };
      await world.begins(3, WEB, copied);
      await world.days(1);
      world.strike();
      world.jobs.delete(copied);
      await world.hours(30);
      world.repair();
      await world.backup(WEB, second);
      await world.hours(6);
    },
    alerts: { BackupCopyLate: LATE_HOURS + 1 },
  },
  {
    name: "the source is empty",
    settings: EXPECTED,
    async play(world) {
      await world.begins(7, WEB, DB);
      await world.days(1);
      world.strike();
      world.jobs.delete(DB);
      const empty: Job = { ...DB, files: 0 };
      world.jobs.add(empty);
      await world.hours(30);
      world.repair();
      world.jobs.delete(empty);
      await world.backup(DB);
      await world.hours(6);
    },
    alerts: { BackupEmpty: 4, BackupLate: LATE_HOURS },
  },
  {
    name: "the source shrank to a third",
    settings: EXPECTED,
    async play(world) {
      await world.begins(7, WEB, DB);
      await world.days(1);
      world.strike();
      world.jobs.delete(DB);
      world.jobs.add({ ...DB, files: 300 });
      await world.hours(26);
      world.repair();
      await world.backup(DB);
      await world.hours(2);
    },
    alerts: { BackupShrunk: 4 },
  },
  {
    name: "forget does not run any more",
    settings: {
      expect: [{ name: "kept", hosts: ["web"], maxAge: "26h", retention: { daily: 14 } }],
    },
    async play(world) {
      await world.begins(13, WEB);
      for (let day = 0; day < 3; day++) {
        await world.days(1);
        await forget(world);
      }
      world.strike();
      await world.days(10);
      world.repair();
      await forget(world);
      await world.hours(2);
    },
    alerts: { BackupForgetMissing: 8 * 24 + 4 },
  },
  {
    name: "nothing is known of an expectation, since its repository was never read",
    settings: EXPECTED,
    async play(world) {
      world.strike();
      const away = `${world.repository.folder}-away`;
      await rename(world.repository.folder, away);
      await world.begins(0);
      await world.hours(8);
      world.repair();
      await rename(away, world.repository.folder);
      for (const job of [WEB, DB]) await world.backup(job);
      await world.hours(4);
    },
    alerts: { BackupRepositoryUnreadable: 2, BackupUnknown: 8 },
  },
  {
    name: "forget keeps too few snapshots",
    settings: {
      expect: [
        {
          name: "kept",
          hosts: ["web"],
          users: ["root"],
          maxAge: "26h",
          minSnapshots: 8,
          retention: { daily: 7 },
          require: { daily: 7 },
        },
      ],
    },
    async play(world) {
      await world.begins(10, WEB);
      await world.hours(8);
      world.strike();
      const ids = world.idsOf({ host: "web" });
      // Four of ten are less than half.
      await world.repository.remove("snapshots", ids.splice(-6, 4));
      await world.hours(4);
      world.repair();
      await world.days(6);
    },
    alerts: { BackupTooFew: 1, BackupRetentionUnmet: 1 },
    endsWithin: 5 * 24,
  },
  {
    name: "a backup is smaller than expected",
    settings: {
      expect: [{ name: "files", hosts: ["web"], users: ["root"], maxAge: "26h", minFiles: 500 }],
    },
    async play(world) {
      await world.begins(1, WEB);
      await world.hours(8);
      world.strike();
      await world.backup({ ...WEB, files: 400 });
      await world.hours(4);
      world.repair();
      await world.backup(WEB);
      await world.hours(4);
    },
    alerts: { BackupTooSmall: 1 },
  },
  {
    name: "a host makes backups that no expectation covers",
    settings: { expect: [{ name: "servers", hosts: ["web"], users: ["root"], maxAge: "26h" }] },
    async play(world) {
      await world.begins(3, WEB);
      await world.hours(8);
      world.strike();
      await world.backup({ host: "new" });
      await world.hours(6);
    },
    alerts: { BackupUnexpectedSets: 3 },
  },
];

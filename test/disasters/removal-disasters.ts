import { rm } from "node:fs/promises";

import type { Disaster } from "../support/disasters/disaster.ts";
import type { Job, World } from "../support/disasters/world.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WEB: Job = { host: "web" };
const DB: Job = { host: "db" };
const EXPECTED = {
  expect: [{ name: "servers", hosts: ["web", "db"], users: ["root"], maxAge: "26h" }],
};

/** A disaster in the middle of regular backups, whose alert tells of an event for three days. */
function event(
  name: string,
  alerts: Disaster["alerts"],
  happen: (world: World) => Promise<void>,
  rest: Partial<Disaster> = {},
): Disaster {
  return {
    name,
    settings: EXPECTED,
    async play(world) {
      await world.begins(10, WEB, DB);
      await world.hours(8);
      world.strike();
      await happen(world);
      await world.hours(4);
      world.repair();
      await world.hours(4 + 3 * 24);
    },
    alerts,
    endsWithin: 3 * 24,
    ...rest,
  };
}

export const REMOVAL_DISASTERS: readonly Disaster[] = [
  event(
    "the newest snapshot of a host was forgotten",
    { BackupNewestRemoved: 1, BackupLate: 1 },
    async (world) => {
      await world.repository.remove("snapshots", world.idsOf({ host: "db" }).splice(-1));
    },
  ),
  event(
    "all snapshots of a host were forgotten",
    { BackupNewestRemoved: 1, BackupSetsVanished: 1, BackupNeverSeen: 1 },
    async (world) => {
      await world.repository.remove("snapshots", world.idsOf({ host: "db" }).splice(0));
    },
  ),
  event(
    "most snapshots were forgotten at once",
    { "BackupMassRemoval (warning)": 1 },
    async (world) => {
      for (const host of ["web", "db"])
        await world.repository.remove("snapshots", world.idsOf({ host }).splice(0, 10));
    },
  ),
  event(
    "snapshots were emptied by rewrite",
    {
      BackupEmpty: 1,
      "BackupMassRemoval (critical)": 1,
      BackupNewestRemoved: 1,
      BackupNeverSeen: 1,
    },
    async (world) => {
      for (const host of ["web", "db"]) {
        const ids = world.idsOf({ host }).splice(0);
        // rewrite keeps the time of a snapshot, and of its backup.
        for (const [index, original] of ids.entries())
          await world.repository.backup(world.now - 5 * HOUR - (ids.length - 1 - index) * DAY, {
            host,
            files: 0,
            original,
            tree: "e".repeat(64),
          });
        await world.repository.remove("snapshots", ids);
      }
    },
  ),
  event(
    "a snapshot was removed from a repository that is append-only",
    { BackupAppendOnlyViolated: 1 },
    async (world) => {
      await world.repository.remove("snapshots", world.idsOf({ host: "db" }).splice(0, 1));
    },
    { entry: { appendOnly: true } },
  ),
  event(
    "most snapshots were removed from a repository that is append-only",
    { "BackupMassRemoval (critical)": 1, BackupAppendOnlyViolated: 1 },
    async (world) => {
      for (const host of ["web", "db"])
        await world.repository.remove("snapshots", world.idsOf({ host }).splice(0, 10));
    },
    { entry: { appendOnly: true } },
  ),
  event("a key was added", { BackupKeyAdded: 1 }, (world) => world.repository.addKey()),
  event("a backdated snapshot", { BackupBackdated: 1 }, async (world) => {
    await world.backup({ host: "web", time: world.now - 30 * DAY });
  }),
  {
    name: "the clock of a host is two hours ahead",
    settings: EXPECTED,
    async play(world) {
      await world.begins(3, WEB, DB);
      await world.hours(8);
      world.strike();
      await world.repository.backup(world.now + 3 * HOUR, { host: "web" });
      await world.hours(6);
    },
    alerts: { BackupSetInFuture: 1 },
  },
  {
    name: "the password was changed",
    settings: EXPECTED,
    async play(world) {
      await world.begins(3, WEB, DB);
      await world.hours(8);
      world.strike();
      await world.repository.changePassword();
      await world.hours(6);
    },
    alerts: { BackupRepositoryUnreadable: 2 },
  },
  {
    name: "a snapshot dated in 2030",
    settings: EXPECTED,
    async play(world) {
      await world.begins(3, WEB, DB);
      await world.hours(8);
      world.strike();
      const time = Date.UTC(2030, 0, 1);
      const id = await world.backup({ host: "web", time });
      await world.hours(4);
      world.repair();
      await world.repository.remove("snapshots", [id]);
      await world.hours(80);
    },
    alerts: { BackupSetInFuture: 1, BackupBackdated: 1, BackupNewestRemoved: 6 },
    endsWithin: 74,
  },
  {
    name: "a file of a snapshot is damaged",
    settings: EXPECTED,
    async play(world) {
      await world.begins(3, WEB, DB);
      await world.hours(8);
      world.strike();
      const id = await world.backup({ host: "web" });
      await world.repository.damage("snapshots", id);
      await world.hours(4);
      world.repair();
      await world.repository.remove("snapshots", [id]);
      await world.hours(4);
    },
    alerts: { BackupSnapshotsUnreadable: 2 },
  },
  {
    name: "the repository was replaced by an empty one",
    settings: EXPECTED,
    async play(world) {
      await world.begins(3, WEB, DB);
      await world.hours(8);
      world.strike();
      await world.repository.replace();
      world.jobs.clear();
      await world.hours(6);
    },
    alerts: { BackupRepositoryUnreadable: 2 },
  },
  {
    name: "the bucket was emptied",
    settings: EXPECTED,
    async play(world) {
      await world.begins(3, WEB, DB);
      await world.hours(8);
      world.strike();
      world.jobs.clear();
      await rm(world.repository.folder, { recursive: true });
      await world.hours(6);
    },
    alerts: { BackupRepositoryUnreadable: 2 },
  },
];

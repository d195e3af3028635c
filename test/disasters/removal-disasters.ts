import type { Disaster } from "../support/disasters/disaster.ts";
import { DB, EVENT_HOURS, SERVERS, WEB } from "../support/disasters/scenery.ts";
import { nothing, story } from "../support/disasters/story.ts";
import type { World } from "../support/disasters/world.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A disaster in the middle of regular backups, whose alert tells of an event. */
function event(
  name: string,
  alerts: Disaster["alerts"],
  strike: (world: World) => Promise<unknown>,
  rest: Partial<Disaster> = {},
): Disaster {
  return {
    name,
    settings: SERVERS,
    play: story({
      days: 10,
      jobs: [WEB, DB],
      strike,
      lasts: 4,
      repair: nothing,
      ends: 4 + EVENT_HOURS,
    }),
    alerts,
    endsWithin: EVENT_HOURS,
    ...rest,
  };
}

async function forgetMost(world: World): Promise<void> {
  for (const set of [WEB, DB]) await world.forget(set, 0, 10);
}

/** As `restic rewrite --forget`, which keeps the time of each snapshot, and of its backup. */
async function rewrite(world: World, host: string, files: number): Promise<void> {
  const ids = world.idsOf({ host }).splice(0);
  for (const [index, original] of ids.entries())
    await world.repository.backup(world.now - 5 * HOUR - (ids.length - 1 - index) * DAY, {
      host,
      files,
      original,
      tree: "e".repeat(64),
    });
  await world.repository.remove("snapshots", ids);
}

export const REMOVAL_DISASTERS: readonly Disaster[] = [
  event(
    "the newest snapshot of a host was forgotten",
    { BackupNewestRemoved: 1, BackupLate: 1 },
    (world) => world.forget(DB, -1),
  ),
  event(
    "all snapshots of a host were forgotten",
    { BackupNewestRemoved: 1, BackupSetsVanished: 1, BackupNeverSeen: 1 },
    (world) => world.forget(DB),
  ),
  event("most snapshots were forgotten at once", { "BackupMassRemoval (warning)": 1 }, forgetMost),
  event(
    "snapshots were emptied by rewrite",
    {
      BackupEmpty: 1,
      "BackupMassRemoval (critical)": 1,
      BackupNewestRemoved: 1,
      BackupNeverSeen: 1,
    },
    async (world) => {
      for (const { host } of [WEB, DB]) await rewrite(world, host, 0);
    },
  ),
  event("snapshots were rewritten without a file", { BackupSnapshotsRewritten: 1 }, (world) =>
    rewrite(world, "db", 999),
  ),
  event(
    "a snapshot was removed from a repository that is append-only",
    { BackupAppendOnlyViolated: 1 },
    (world) => world.forget(DB, 0, 1),
    { entry: { appendOnly: true } },
  ),
  event(
    "most snapshots were removed from a repository that is append-only",
    { "BackupMassRemoval (critical)": 1, BackupAppendOnlyViolated: 1 },
    forgetMost,
    { entry: { appendOnly: true } },
  ),
  event("a key was added", { BackupKeyAdded: 1 }, (world) => world.repository.addKey()),
  event("a backdated snapshot", { BackupBackdated: 1 }, (world) =>
    world.backup({ ...WEB, time: world.now - 30 * DAY }),
  ),
  {
    name: "a snapshot dated in 2030",
    settings: SERVERS,
    async play(world) {
      await world.begins(3, WEB, DB);
      await world.hours(8);
      world.strike();
      const id = await world.backup({ ...WEB, time: Date.UTC(2030, 0, 1) });
      await world.hours(4);
      world.repair();
      await world.repository.remove("snapshots", [id]);
      await world.hours(8 + EVENT_HOURS);
    },
    alerts: { BackupSetInFuture: 1, BackupBackdated: 1, BackupNewestRemoved: 6 },
    endsWithin: EVENT_HOURS + 2,
  },
];

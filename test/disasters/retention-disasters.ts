import type { Disaster } from "../support/disasters/disaster.ts";
import { WEB } from "../support/disasters/scenery.ts";
import { inEach, nothing, story } from "../support/disasters/story.ts";

/** An expectation of two weeks. */
function kept(name: string, ...repositories: readonly string[]): object {
  const there = repositories.length === 0 ? {} : { repositories };
  return { name, ...there, hosts: ["web"], maxAge: "40d", retention: { daily: 14 } };
}

export const RETENTION_DISASTERS: readonly Disaster[] = [
  {
    name: "forget does not run any more",
    settings: { expect: [kept("kept")] },
    async play(world) {
      await world.begins(13, WEB);
      for (let day = 0; day < 3; day++) {
        await world.days(1);
        await world.keepLast(WEB, 14);
      }
      world.strike();
      await world.days(10);
      world.repair();
      await world.keepLast(WEB, 14);
      await world.hours(2);
    },
    alerts: { BackupForgetMissing: 8 * 24 + 4 },
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
    play: story({
      days: 10,
      jobs: [WEB],
      // Four of ten are less than half.
      strike: (world) => world.forget(WEB, -6, 4),
      lasts: 4,
      repair: nothing,
      ends: 6 * 24,
    }),
    alerts: { BackupTooFew: 1, BackupRetentionUnmet: 1 },
    endsWithin: 5 * 24,
  },
  {
    name: "in a fleet forget does not run, and some expectations are too new to show it, or were removed",
    repositories: 3,
    settings: { expect: [kept("kept"), kept("gone", "/repository-1")] },
    stepMinutes: 240,
    async play(world) {
      const third = world.repositoryAt(3);
      world.strike();
      await third.goAway();
      const job = { ...WEB, hours: [4] };
      await world.begins(20, ...inEach(job, 1, 2));
      await world.days(4);
      await third.comeBack();
      for (let day = 20; day > 0; day--) await world.backup(WEB, 3, day);
      world.jobs.add({ ...job, repository: 3 });
      await world.reload({
        expect: [kept("kept"), kept("gone", "/repository-1"), kept("new", "/repository-1")],
      });
      await world.days(3);
      await world.reload({
        expect: [kept("kept", "/repository-1", "/repository-3"), kept("new", "/repository-1")],
      });
      await world.days(2);
      world.repair();
      await world.reload({
        expect: [
          kept("kept", "/repository-1", "/repository-3"),
          kept("new", "/repository-1"),
          { name: "there", repositories: ["/repository-2"], hosts: ["web"], maxAge: "40d" },
        ],
      });
      // At once it would be most of them.
      for (const count of [20, 13]) {
        for (const number of [1, 2, 3]) await world.keepLast(WEB, count, number);
        await world.hours(4);
      }
      await world.hours(12);
    },
    alerts: {
      BackupRepositoryUnreadable: 8,
      BackupUnexpectedSets: 7 * 24 + 8,
      BackupForgetMissing: 8 * 24 + 8,
    },
    endsWithin: 12,
  },
];

import type { Disaster } from "../support/disasters/disaster.ts";
import type { Job } from "../support/disasters/scenery.ts";
import { inEach } from "../support/disasters/story.ts";

const JOBS: readonly Job[] = [{ host: "web" }, { host: "db" }];

/** A lock that stays. */
function locked(
  name: string,
  isExclusive: boolean,
  alerts: Disaster["alerts"],
  { hours, isAlive = false }: { readonly hours: number; readonly isAlive?: boolean },
): Disaster {
  return {
    name,
    settings: {
      expect: [{ name: "servers", hosts: ["web", "db"], maxAge: "26h" }],
      locks: { every: "15m" },
    },
    async play(world) {
      await world.begins(3, ...JOBS);
      await world.hours(8);
      world.strike();
      let id = await world.repository.lock(world.now, isExclusive);
      for (let hour = 0; hour < hours; hour++) {
        await world.hours(1);
        if (!isAlive) continue;
        // A living process replaces the file of its lock.
        const next = await world.repository.lock(world.now, isExclusive);
        await world.repository.remove("locks", [id]);
        id = next;
      }
      world.repair();
      await world.repository.remove("locks", [id]);
      await world.hours(4);
    },
    alerts,
  };
}

export const LOCK_DISASTERS: readonly Disaster[] = [
  locked("a lock of a backup that was killed", false, { BackupStaleLock: 2 }, { hours: 4 }),
  locked("a lock of a prune that was killed", true, { BackupStaleExclusiveLock: 2 }, { hours: 4 }),
  locked(
    "a mount holds its lock for days",
    false,
    { BackupLockHeld: 2 * 24 + 2 },
    { hours: 52, isAlive: true },
  ),
  {
    name: "in a fleet a mount holds a lock for days, and others are stale",
    repositories: 2,
    settings: { locks: { every: "15m" } },
    async play(world) {
      await world.begins(3, ...inEach({ host: "web" }, 1, 2));
      await world.hours(8);
      world.strike();
      const shared = await world.repositoryAt(2).lock(world.now, false);
      const exclusive = await world.repository.lock(world.now, true);
      for (let hour = 0; hour < 52; hour++) {
        const id = await world.repository.lock(world.now, false);
        await world.hours(1);
        await world.repository.remove("locks", [id]);
      }
      world.repair();
      await world.repository.remove("locks", [exclusive]);
      await world.repositoryAt(2).remove("locks", [shared]);
      await world.hours(4);
    },
    alerts: { BackupStaleLock: 2, BackupStaleExclusiveLock: 2, BackupLockHeld: 50 },
  },
];

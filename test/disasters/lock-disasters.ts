import type { Disaster } from "../support/disasters/disaster.ts";
import type { Job } from "../support/disasters/world.ts";

const WEB: Job = { host: "web" };
const DB: Job = { host: "db" };
const SETTINGS = {
  expect: [{ name: "servers", hosts: ["web", "db"], maxAge: "26h" }],
  locks: { every: "15m" },
};

function killed(name: string, isExclusive: boolean, alert: string): Disaster {
  return {
    name,
    settings: SETTINGS,
    async play(world) {
      await world.begins(3, WEB, DB);
      await world.hours(8);
      world.strike();
      const id = await world.repository.lock(world.now, isExclusive);
      await world.hours(4);
      world.repair();
      await world.repository.remove("locks", [id]);
      await world.hours(4);
    },
    alerts: { [alert]: 2 },
  };
}

export const LOCK_DISASTERS: readonly Disaster[] = [
  killed("a lock of a backup that was killed", false, "BackupStaleLock"),
  killed("a lock of a prune that was killed", true, "BackupStaleExclusiveLock"),
  {
    name: "a mount holds its lock for days",
    settings: SETTINGS,
    async play(world) {
      await world.begins(3, WEB, DB);
      await world.hours(8);
      world.strike();
      let id = await world.repository.lock(world.now, false);
      for (let hour = 0; hour < 52; hour++) {
        await world.hours(1);
        // A living process replaces the file of its lock.
        const next = await world.repository.lock(world.now, false);
        await world.repository.remove("locks", [id]);
        id = next;
      }
      world.repair();
      await world.repository.remove("locks", [id]);
      await world.hours(4);
    },
    alerts: { BackupLockHeld: 2 * 24 + 2 },
  },
];

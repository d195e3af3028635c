import type { Disaster } from "../support/disasters/disaster.ts";
import type { Job } from "../support/disasters/scenery.ts";
import { nothing, story } from "../support/disasters/story.ts";
import type { World } from "../support/disasters/world.ts";

const DAY = 86_400_000;
const WEB: Job = { host: "web" };
const OFFICE: Job = { host: "office", weekdays: [1, 2, 3, 4, 5] };
const OLD: Job = { host: "old" };
const MOVED: Job = { host: "moved" };
const CONTAINER: Job = { host: "0123456789ab" };

/** As `restic tag`: a snapshot with the same tree and time takes the place of another one. */
async function tag(world: World): Promise<void> {
  const ids = world.idsOf({ host: "web" });
  const [original = ""] = ids.splice(-1);
  const time = world.now - (world.now % DAY) + 3 * 3_600_000;
  ids.push(await world.repository.backup(time, { ...WEB, original, tags: ["kept"] }));
  await world.repository.remove("snapshots", [original]);
}

/** Much happens, and nothing is wrong. */
export const QUIET_WEEKS: readonly Disaster[] = [
  {
    name: "three quiet weeks (forget, tag, a lock, weekday machines, retired, paused and renamed hosts, summer time)",
    settings: {
      timezone: "Europe/Berlin",
      expect: [
        { name: "servers", hosts: ["web"], maxAge: "26h" },
        { name: "office", hosts: ["office"], maxAge: "74h" },
        { name: "moving", hosts: ["moved"], maxAge: "26h", paused: { until: "2027-04-10" } },
        { name: "containers", hosts: ["container"], maxAge: "26h" },
      ],
      retired: [{ hosts: ["old"], since: "2027-03-15" }],
      rename: [{ hosts: ["[0-9a-f]{12}"], as: "container" }],
      locks: { every: "15m" },
    },
    async play(world) {
      await world.begins(10, WEB, OFFICE, OLD, MOVED, CONTAINER);
      world.jobs.delete(OLD);
      for (let day = 0; day < 21; day++) {
        const container: Job = { host: day.toString(16).padStart(12, "a") };
        world.jobs.add(container);
        const lock = await world.repository.lock(world.now, false);
        await world.hours(1);
        await world.repository.remove("locks", [lock]);
        await world.hours(7);
        world.jobs.delete(container);
        if (day === 5) world.jobs.delete(MOVED);
        if (day === 7) await tag(world);
        if (day % 7 === 6)
          for (const host of [WEB, OFFICE, OLD, MOVED, CONTAINER]) await world.keepLast(host, 10);
        await world.hours(16);
      }
    },
    alerts: {},
  },
  {
    name: "a first forget that removes nine tenths",
    settings: { expect: [{ name: "servers", hosts: ["web"], maxAge: "26h" }] },
    play: story({
      days: 40,
      jobs: [WEB],
      strike: (world) => world.keepLast(WEB, 4),
      lasts: 4,
      repair: nothing,
      ends: 4 + 72,
    }),
    // It looks like an attack that leaves the newest ones: a warning, and not critical.
    alerts: { "BackupMassRemoval (warning)": 1 },
    endsWithin: 72,
  },
];

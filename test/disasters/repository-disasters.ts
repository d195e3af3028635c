import { cp, rename, rm } from "node:fs/promises";

import type { Disaster } from "../support/disasters/disaster.ts";
import { PASSWORD, SECOND_PASSWORD } from "../support/disasters/repository-on-disk.ts";
import { DB, EVENT_HOURS, SERVERS, WEB } from "../support/disasters/scenery.ts";
import { inEach, nothing, story } from "../support/disasters/story.ts";
import type { World } from "../support/disasters/world.ts";

const HOUR = 3_600_000;
const BOTH = inEach(WEB, 1, 2);

function happening(
  name: string,
  alerts: Disaster["alerts"],
  strike: (world: World) => unknown,
  repair: (world: World) => unknown,
  ends = 4,
): Disaster {
  return {
    name,
    settings: SERVERS,
    play: story({ jobs: [WEB, DB], strike, lasts: 6, repair, ends }),
    alerts,
  };
}

async function lose(world: World, how: "replace" | "goAway"): Promise<void> {
  world.jobs.clear();
  await world.repository[how]();
}

/** Another repository is at an address at which the agent is started. */
async function move(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await rename(from, to);
}

/** Two folders get the names of each other while the agent is away. */
async function exchange(world: World): Promise<void> {
  const [first = "", second = ""] = world.repositories.map(({ folder }) => folder);
  await world.agent.kill();
  await rename(first, `${first}-other`);
  await rename(second, first);
  await rename(`${first}-other`, second);
  await world.agent.start(world.now);
}

export const REPOSITORY_DISASTERS: readonly Disaster[] = [
  happening(
    "the clock of a host is two hours ahead",
    { BackupSetInFuture: 1 },
    (world) => world.repository.backup(world.now + 3 * HOUR, WEB),
    nothing,
  ),
  {
    ...happening(
      "the password was changed",
      // The agent sees the other key when it has its password.
      { BackupRepositoryUnreadable: 2, BackupKeyAdded: 7 },
      (world) => world.repository.changePassword(),
      (world) =>
        world.reload({ repositories: [{ repo: "/repository-1", password: SECOND_PASSWORD }] }),
      4 + EVENT_HOURS,
    ),
    endsWithin: EVENT_HOURS + 2,
  },
  {
    name: "a file of a snapshot is damaged",
    async play(world) {
      await world.begins(3, WEB, DB);
      await world.hours(8);
      world.strike();
      const id = await world.backup(WEB);
      await world.repository.damage("snapshots", id);
      await world.hours(4);
      world.repair();
      await world.repository.remove("snapshots", [id]);
      await world.hours(4);
    },
    alerts: { BackupSnapshotsUnreadable: 2 },
  },
  happening(
    "the repository was replaced by an empty one",
    { BackupRepositoryUnreadable: 2 },
    (world) => lose(world, "replace"),
    (world) => world.repository.comeBack(),
  ),
  happening(
    "the bucket was emptied",
    { BackupRepositoryUnreadable: 2 },
    (world) => lose(world, "goAway"),
    (world) => world.repository.comeBack(),
  ),
  {
    name: "an agent without a state folder is started on another repository",
    settings: { expect: [{ name: "servers", hosts: ["web"], users: ["root"], maxAge: "26h" }] },
    hasStateDir: false,
    play: story({
      jobs: [WEB],
      quiet: 30,
      async strike(world) {
        world.jobs.clear();
        await world.repository.replace();
        await world.backup(WEB);
        await world.restart();
      },
      lasts: 4,
      async repair(world) {
        await world.repository.comeBack();
        await world.restart();
      },
    }),
    alerts: { BackupRepositoryReplaced: 2 },
  },
  {
    name: "two repositories are exchanged, and the agent has no state folder",
    hasStateDir: false,
    repositories: 2,
    play: story({
      jobs: BOTH,
      async strike(world) {
        world.jobs.clear();
        await exchange(world);
      },
      lasts: 4,
      repair: exchange,
    }),
    alerts: { BackupRepositoryReplaced: 2 },
  },
  {
    name: "three repositories were at an address one after the other, and the agent has no state folder",
    settings: { repositories: [{ repo: "/repository-1", password: PASSWORD }] },
    hasStateDir: false,
    repositories: 4,
    async play(world) {
      const [here = "", there = "", third = "", fourth = ""] = world.repositories.map(
        ({ folder }) => folder,
      );
      const right = `${here}-right`;
      await world.begins(2, ...inEach(WEB, 1, 2, 3, 4));
      world.jobs.clear();
      await world.hours(10);
      world.strike();
      // By mistake for an hour.
      await rename(here, right);
      await move(third, here);
      const repositories = ["/repository-1", "/repository-2"].map((repo) => ({
        repo,
        password: PASSWORD,
      }));
      await world.restart(1, { repositories });
      await world.hours(1);
      // The right one is at the other address, and the other one here.
      await move(there, here);
      await rename(right, there);
      await world.restart();
      await world.hours(5);
      await move(fourth, here);
      await world.restart();
      await world.hours(3);
      world.repair();
      await rm(here, { recursive: true });
      await cp(there, here, { recursive: true });
      await world.restart();
      await world.hours(4);
    },
    alerts: { BackupRepositoryReplaced: 2 },
  },
  {
    name: "one of two repositories cannot be reached, and an agent without a state folder is restarted",
    hasStateDir: false,
    repositories: 2,
    play: story({
      jobs: BOTH,
      async strike(world) {
        await world.repository.goAway();
        await world.restart();
      },
      lasts: 4,
      repair: (world) => world.repository.comeBack(),
    }),
    alerts: { BackupRepositoryUnreadable: 2 },
  },
];

import type { Disaster } from "../support/disasters/disaster.ts";
import { PASSWORD } from "../support/disasters/repository-on-disk.ts";
import { WEB } from "../support/disasters/scenery.ts";
import { inEach, story } from "../support/disasters/story.ts";
import type { World } from "../support/disasters/world.ts";
import { FakeVault } from "../support/vault/fake-vault.ts";

/** Each of two shards has some of so many repositories: one without any has an alert of its own. */
const SHARED = 16;

/** Something around the agent is wrong for an hour. */
function hour(
  name: string,
  alerts: Disaster["alerts"],
  strike: (world: World) => unknown,
  repair: (world: World) => unknown,
  rest: Partial<Disaster> = {},
): Disaster {
  const numbers = Array.from({ length: rest.repositories ?? 1 }, (_, index) => index + 1);
  return {
    name,
    stepMinutes: 5,
    play: story({ jobs: inEach(WEB, ...numbers), quiet: 1, strike, lasts: 1, repair, ends: 1 }),
    alerts,
    endsWithin: 0.5,
    ...rest,
  };
}

/** One of two agents is killed. */
function killed(name: string, rest: Partial<Disaster>): Disaster {
  return hour(
    name,
    { BackupAgentMissing: 0.5 },
    (world) => world.agentAt(2).kill(),
    (world) => world.agentAt(2).start(world.now),
    rest,
  );
}

export const SETTINGS_DISASTERS: readonly Disaster[] = [
  {
    name: "the target of the agent is missing in Prometheus",
    stepMinutes: 5,
    async play(world) {
      await world.begins(3, WEB);
      await world.hours(1);
      world.strike();
      await world.hoursWithoutScrapes(1);
      world.repair();
      await world.hours(1);
    },
    alerts: { BackupAgentAbsent: 0.5 },
    endsWithin: 0.5,
  },
  killed("one of two agents is killed", { others: [{}] }),
  killed("one of two agents that push is killed", {
    isPushed: true,
    others: [{ job: "restic-otel-b" }],
  }),
  killed("one of two shards that push is killed", {
    settings: { shard: "0/2" },
    isPushed: true,
    others: [{ settings: { shard: "1/2" } }],
    repositories: SHARED,
  }),
  killed("one of two shards that are scraped is killed", {
    settings: { shard: "0/2" },
    others: [{ settings: { shard: "1/2" } }],
    repositories: SHARED,
  }),
  hour(
    "the clock of the agent is ten minutes ahead",
    { BackupAgentClockAhead: 0.25 },
    (world) => (world.agent.aheadMs = 600_000),
    (world) => (world.agent.aheadMs = 0),
  ),
  hour(
    "the settings name no repositories",
    { BackupNoRepositories: 0.25 },
    (world) => world.reload({ repositories: [] }),
    (world) => world.reload({}),
  ),
  hour(
    "a mistake in the settings",
    { BackupReloadFailed: 0.25 },
    (world) => world.reload({ cron: "never" }),
    (world) => world.reload({}),
  ),
  {
    name: "a receiver of pushes cannot be reached",
    settings: { otlp: [{ endpoint: "http://127.0.0.1:1" }] },
    stepMinutes: 5,
    async play(world) {
      world.strike();
      await world.begins(3, WEB);
      await world.hours(1);
      world.repair();
      await world.restart(1, { otlp: [] });
      await world.hours(1);
    },
    alerts: { BackupPushFailing: 0.5 },
    hoursVary: true,
    endsWithin: 0.5,
  },
  {
    name: "Vault is down",
    stepMinutes: 5,
    async play(world) {
      const vault = await FakeVault.start();
      try {
        vault.secrets["kv/repo"] = { key: PASSWORD };
        await world.begins(3, WEB);
        await world.reload({
          vault: {
            address: vault.url,
            auth: { method: "token", token: "static" },
            refresh: "5m",
          },
          repositories: [{ repo: "/repository-1", password: { vault: "kv/repo", field: "key" } }],
        });
        await world.hours(1);
        world.strike();
        vault.intercept = () => ({ status: 503, body: { errors: ["sealed"] } });
        await world.hours(1);
        world.repair();
        vault.intercept = () => undefined;
        await world.hours(1);
      } finally {
        await vault.stop();
      }
    },
    alerts: { BackupVaultDown: 0.75 },
    hoursVary: true,
    endsWithin: 0.5,
  },
];

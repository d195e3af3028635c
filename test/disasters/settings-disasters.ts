import type { Disaster } from "../support/disasters/disaster.ts";
import { PASSWORD } from "../support/disasters/repository-on-disk.ts";
import type { Job, World } from "../support/disasters/world.ts";
import { FakeVault } from "../support/vault/fake-vault.ts";

const WEB: Job = { host: "web" };

/** Something around the agent is wrong for an hour. */
function hour(
  name: string,
  alerts: Disaster["alerts"],
  begin: (world: World) => Promise<void> | void,
  end: (world: World) => Promise<void> | void,
  rest: Partial<Disaster> = {},
): Disaster {
  return {
    name,
    stepMinutes: 5,
    async play(world) {
      await world.begins(3, ...world.repositories.map((repository) => ({ ...WEB, repository })));
      await world.hours(1);
      world.strike();
      await begin(world);
      await world.hours(1);
      world.repair();
      await end(world);
      await world.hours(1);
    },
    alerts,
    endsWithin: 0.5,
    ...rest,
  };
}

export const SETTINGS_DISASTERS: readonly Disaster[] = [
  hour(
    "the target of the agent is missing in Prometheus",
    { BackupAgentAbsent: 0.5 },
    (world) => {
      world.instance = undefined;
    },
    (world) => {
      world.instance = "agent-1:9121";
    },
  ),
  hour(
    "one of two agents is killed",
    { BackupAgentMissing: 0.5 },
    (world) => world.second?.kill(),
    (world) => world.second?.start(world.now),
    { second: {} },
  ),
  hour(
    "one of two agents that push is killed",
    { BackupAgentMissing: 0.5 },
    (world) => world.second?.kill(),
    (world) => world.second?.start(world.now),
    { second: {}, secondJob: "restic-otel-b", isPushed: true },
  ),
  hour(
    "one of two shards that push is killed",
    { BackupAgentMissing: 0.5 },
    (world) => world.second?.kill(),
    (world) => world.second?.start(world.now),
    // Both shards have some of so many.
    { settings: { shard: "0/2" }, second: { shard: "1/2" }, isPushed: true, repositories: 16 },
  ),
  hour(
    "the clock of the agent is ten minutes ahead",
    { BackupAgentClockAhead: 0.25 },
    (world) => {
      world.agent.aheadMs = 600_000;
    },
    (world) => {
      world.agent.aheadMs = 0;
    },
  ),
  hour(
    "the settings name no repositories",
    { BackupNoRepositories: 0.25 },
    (world) => world.agent.reload({ repositories: [] }),
    (world) => world.agent.reload({}),
  ),
  hour(
    "a mistake in the settings",
    { BackupReloadFailed: 0.25 },
    (world) => world.agent.reload({ cron: "never" }),
    (world) => world.agent.reload({}),
  ),
  {
    name: "a receiver of pushes cannot be reached",
    settings: { otlp: [{ endpoint: "http://127.0.0.1:1" }] },
    stepMinutes: 5,
    async play(world) {
      world.strike();
      await world.begins(3, WEB);
      await world.hours(1);
    },
    alerts: { BackupPushFailing: 0.5 },
    hoursVary: true,
  },
  {
    name: "Vault is down",
    stepMinutes: 5,
    async play(world) {
      const vault = await FakeVault.start();
      try {
        vault.secrets["kv/repo"] = { key: PASSWORD };
        await world.begins(3, WEB);
        await world.agent.reload({
          vault: {
            address: vault.url,
            auth: { method: "token", token: "static" },
            refresh: "5m",
          },
          repositories: [
            { repo: world.repository.folder, password: { vault: "kv/repo", field: "key" } },
          ],
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

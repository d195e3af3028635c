import type { LiveDisaster } from "../support/disasters/live-disaster.ts";
import type { Backup } from "../support/disasters/repository-on-disk.ts";

const WEB: Backup = { host: "web" };
const DB: Backup = { host: "db" };
const EMPTY_DB: Backup = { ...DB, files: 0 };
const ETC: Backup = { host: "web", paths: ["/etc"] };
const HOME: Backup = { host: "web", paths: ["/home"] };

/** They happen side by side. */
export const LIVE_DISASTERS: readonly LiveDisaster[] = [
  {
    name: "a host never made a backup",
    jobs: [WEB],
    expect: [{ name: "never", hosts: ["web", "db"] }],
    repair: async (scene) => scene.change(undefined, DB),
  },
  {
    name: "the backups of a host stopped",
    jobs: [WEB, DB],
    expect: [{ name: "stopped", hosts: ["web", "db"] }],
    strike: async (scene) => scene.change(DB, undefined),
    repair: async (scene) => scene.change(undefined, DB),
  },
  {
    name: "one of two jobs of a host stopped",
    jobs: [ETC, HOME],
    expect: [
      { name: "etc", hosts: ["web"], paths: ["/etc"] },
      { name: "home", hosts: ["web"], paths: ["/home"] },
    ],
    strike: async (scene) => scene.change(HOME, undefined),
    repair: async (scene) => scene.change(undefined, HOME),
  },
  {
    name: "the source is empty",
    jobs: [WEB, DB],
    expect: [{ name: "empty", hosts: ["web", "db"] }],
    strike: async (scene) => scene.change(DB, EMPTY_DB),
    repair: async (scene) => scene.change(EMPTY_DB, DB),
  },
  {
    name: "a repository cannot be reached for three days",
    jobs: [WEB],
    expect: [{ name: "away", hosts: ["web"] }],
    strike: (scene) => scene.goAway(),
    repair: (scene) => scene.comeBack(),
  },
  {
    name: "the newest snapshot of a host was forgotten",
    jobs: [WEB, DB],
    expect: [{ name: "forgotten", hosts: ["web", "db"] }],
    async strike(scene) {
      scene.change(DB, undefined);
      await scene.forgetLast("db", 30);
    },
    repair: async (scene) => scene.change(undefined, DB),
  },
  {
    name: "a key was added",
    jobs: [WEB],
    expect: [{ name: "key", hosts: ["web"] }],
    strike: (scene) => scene.repository.addKey(),
    repair: async () => {},
  },
];

/** It comes when the alerts of the others have ended. */
export const LAST_LIVE_DISASTER: LiveDisaster = {
  name: "the agent is killed",
  jobs: [WEB],
  expect: [{ name: "agent", hosts: ["web"] }],
  strike: (_, agent) => agent.kill(),
  repair: (_, agent) => agent.start(),
};

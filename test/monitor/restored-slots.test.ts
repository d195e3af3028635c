import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import type { Backend } from "../../instrumentation/backends/backend.ts";
import { AgentError } from "../../instrumentation/core/error.ts";
import { monitorSettings } from "../../instrumentation/embedding/monitor-settings.ts";
import { Monitor } from "../../instrumentation/monitor/monitor.ts";
import { tableText } from "../support/agent/table-text.ts";
import { recordedBackend } from "../support/backends/recorded-backend.ts";
import { FakeClock } from "../support/core/clock.ts";
import { SealedRepository } from "../support/repository/sealed-repository.ts";

const NOW = 1_767_225_600_000;
const HOUR = 3_600_000;

/** An agent with a state folder. `flaw` is that of the newest snapshot of the host web. */
class Scene {
  readonly clock = new FakeClock(NOW);
  isAway = false;
  readonly #sealed = new SealedRepository("p", 1);
  readonly #folder: string;
  readonly #refused: string | undefined;

  constructor(folder: string, flaw: "refused" | "damaged") {
    this.#folder = folder;
    this.#add("web", 50);
    this.#add("db", 1);
    const newest = this.#add("web", 1);
    if (flaw === "damaged") this.#sealed.files.set(`snapshots/${newest}`, Buffer.from("damaged"));
    this.#refused = flaw === "refused" ? newest : undefined;
  }

  #add(hostname: string, hours: number): string {
    const time = new Date(NOW - hours * HOUR).toISOString();
    return this.#sealed.addSnapshot({ time, hostname, username: "root" });
  }

  #backend(): Backend {
    const inner = recordedBackend(this.#sealed.files, () => {});
    const check = (name?: string): void => {
      if (this.isAway) throw new AgentError("unreachable", "away");
      if (name !== undefined && name === this.#refused) throw new AgentError("denied", "403");
    };
    return {
      ...inner,
      async list(...args) {
        check();
        return inner.list(...args);
      },
      async load(type, name, signal) {
        check(name);
        return inner.load(type, name, signal);
      },
    };
  }

  /** Starts, collects and stops. @returns the reasons of `host` */
  async run(): Promise<readonly string[]> {
    const backends = { mem: async () => this.#backend() };
    const settings = monitorSettings({
      repositories: [{ repo: "mem:r", password: "p" }],
      expect: [{ name: "e", hosts: ["web", "db", "nowhere"], maxAge: "26h" }],
      stateDir: this.#folder,
      backends,
    });
    const monitor = new Monitor(settings, { clock: this.clock, backends });
    await monitor.collect();
    const text = await tableText(monitor.tables, this.clock.now());
    await monitor.stop();
    return [...text.matchAll(/^backup_expectation_unmet\{.*host="(\w+)",reason="(\w+)"/gm)].map(
      ([, host, reason]) => `${host} ${reason}`,
    );
  }
}

test.for<readonly ["refused" | "damaged", readonly string[], readonly string[]]>([
  [
    "refused",
    ["web late", "web unknown", "nowhere unknown"],
    ["web late", "web unknown", "nowhere unknown"],
  ],
  [
    "damaged",
    ["web late", "nowhere never_seen"],
    ["web late", "web unknown", "nowhere never_seen", "nowhere unknown"],
  ],
])(
  "a %s file is the same after a restart while the repository is away",
  async ([flaw, before, after]) => {
    const folder = await mkdtemp(join(tmpdir(), "restored-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const scene = new Scene(folder, flaw);
    expect(await scene.run()).toEqual(before);
    scene.isAway = true;
    expect(await scene.run()).toEqual(after);
    expect(await scene.run()).toEqual(after);
    scene.isAway = false;
    expect(await scene.run()).toEqual(before);
  },
);

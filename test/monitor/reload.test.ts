import { afterEach, beforeEach, expect, test } from "vitest";

import { AgentError } from "../../instrumentation/core/error.ts";
import type { ResticInstrumentationConfig } from "../../instrumentation/embedding/config.ts";
import { monitorSettings } from "../../instrumentation/embedding/monitor-settings.ts";
import { Monitor } from "../../instrumentation/monitor/monitor.ts";
import type { MonitorSettings } from "../../instrumentation/monitor/monitor-settings.ts";
import { recordedBackend } from "../support/backends/recorded-backend.ts";
import { FakeClock } from "../support/core/clock.ts";
import { until } from "../support/core/until.ts";
import { SealedRepository } from "../support/repository/sealed-repository.ts";

let sealed: SealedRepository;
let clock: FakeClock;
let monitor: Monitor;
let calls: string[];
/** Called before each call of the backend, which may fail. */
let before: (call: string) => void;

const backends = {
  own: async () =>
    recordedBackend(sealed.files, (call) => {
      calls.push(call);
      before(call);
    }),
};

function settings(more: Partial<ResticInstrumentationConfig> = {}): MonitorSettings {
  const repositories = [{ repo: "own:a", password: "right" }];
  return monitorSettings({ repositories, backends, ...more });
}

function sets(): unknown {
  const [entry] = monitor.store.entries();
  return entry?.state?.content?.sets.map(({ labels, snapshots }) => [labels["host"], snapshots]);
}

beforeEach(async () => {
  sealed = new SealedRepository("right");
  for (const hostname of ["db", "web", "web"])
    sealed.addSnapshot({ time: "2024-05-01T12:00:00Z", hostname });
  calls = [];
  before = () => {};
  clock = new FakeClock();
  monitor = new Monitor(settings(), { clock, backends });
  await monitor.collect();
});

afterEach(() => monitor.stop());

test("after a change of settings the first listing without a backup set is doubted, as any other", async () => {
  const [db = "", stored = Buffer.of()] =
    [...sealed.files].find(([path]) => path.startsWith("snapshots/")) ?? [];
  sealed.files.delete(db);
  monitor.reload(settings({ reverify: "2h" }));
  calls = [];
  const collecting = monitor.collect();
  // The time limit of the collection is the other one.
  await until("the wait for a second listing", () => clock.sleeping === 2);
  sealed.files.set(db, stored);
  await clock.advance(3000);
  await collecting;
  expect(calls.filter((call) => call === "LIST snapshots")).toHaveLength(2);
  expect(sets()).toEqual([
    ["db", 1],
    ["web", 2],
  ]);
});

test("a collection that fails after a reload does not bring back the old names of hosts", async () => {
  before = () => {
    monitor.reload(settings({ rename: [{ hosts: ["web", "db"], as: "all" }] }));
    throw new AgentError("other", "the server is away");
  };
  expect(await monitor.collect()).toMatchObject({ failed: 1 });
  expect(sets()).toEqual([["all", 3]]);
});

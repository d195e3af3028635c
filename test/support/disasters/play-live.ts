import { setTimeout as delay } from "node:timers/promises";

import type { LiveDisaster } from "./live-disaster.ts";
import { LiveScene } from "./live-scene.ts";
import { LiveStage } from "./live-stage.ts";
import type { Labels } from "./live-stage.ts";
import { PASSWORD } from "./repository-on-disk.ts";

const STEP_MS = 500;
/** Of each act. The longest one takes 80 seconds on an idle machine. */
const LIMIT_MS = 300_000;

/** One disaster while it goes on. */
class Act {
  readonly disaster: LiveDisaster;
  readonly scene: LiveScene;
  readonly expected: readonly string[];
  /** The seconds after the disaster in which each alert arrived at Alertmanager. */
  readonly arrived = new Map<string, number>();
  /** The names of the alerts that arrived before the disaster. */
  readonly early = new Set<string>();
  /** The names of all alerts that fired in Prometheus at any time. */
  readonly fired = new Set<string>();
  /** The names of the alerts that Alertmanager had when it was last asked. */
  active: ReadonlySet<string> = new Set();
  struckAt: number | undefined;
  repairedAt: number | undefined;
  /** The seconds after the repair in which the last alert ended. */
  endedAfter: number | undefined;

  constructor(disaster: LiveDisaster, scene: LiveScene, expected: readonly string[]) {
    this.disaster = disaster;
    this.scene = scene;
    this.expected = expected;
  }

  /** Whether an alert is about it. */
  owns({ url, expectation }: Labels): boolean {
    return url === this.scene.url || this.disaster.expect.some(({ name }) => name === expectation);
  }

  see(alerts: readonly Labels[]): void {
    this.active = new Set(alerts.map(({ alertname = "" }) => alertname));
    if (this.struckAt === undefined) for (const name of this.active) this.early.add(name);
    for (const name of this.active)
      if (!this.arrived.has(name)) this.arrived.set(name, secondsSince(this.struckAt));
  }
}

/** What became of a disaster. */
export interface LiveVerdict {
  /** The alerts that arrived at Alertmanager at any time, and the seconds after the disaster in which each did. */
  readonly arrived: ReadonlyMap<string, number>;
  /** The names of the alerts that arrived before the disaster. */
  readonly early: ReadonlySet<string>;
  /** The names of the alerts that fired in any evaluation of Prometheus. */
  readonly fired: ReadonlySet<string>;
  /** The seconds after the repair in which the last alert ended; undefined: not all did. */
  readonly endedAfter: number | undefined;
}

/**
 * Plays disasters side by side, and then one that hides the others: the one to the agent itself.
 * @param expected the names of the alerts of a disaster: it is repaired when they have arrived
 */
export async function playLive(
  disasters: readonly LiveDisaster[],
  last: LiveDisaster,
  expected: (disaster: LiveDisaster) => readonly string[],
): Promise<ReadonlyMap<LiveDisaster, LiveVerdict>> {
  const acts: Act[] = [];
  let stage: LiveStage | undefined;
  try {
    for (const disaster of [...disasters, last]) {
      const scene = await LiveScene.create(disaster.jobs);
      acts.push(new Act(disaster, scene, expected(disaster)));
    }
    stage = await startStage(acts);
    const play = new Play(stage, acts);
    await play.until(() => play.stage.isSteady());
    await stage.addRules();
    for (const act of acts) if (!act.disaster.strike) act.struckAt = performance.now();
    await play.until(() => play.stage.isJudged());
    await play.through(acts.slice(0, -1));
    await play.through(acts.slice(-1));
    await play.until(() => play.stage.isSteady());
    await play.recall();
    return new Map(acts.map((act) => [act.disaster, act]));
  } finally {
    await stage?.stop();
    for (const { scene } of acts) await scene.close();
  }
}

/** The jobs go on while the programs start. */
async function startStage(acts: readonly Act[]): Promise<LiveStage> {
  const starting = LiveStage.start({
    cron: "@every 1s",
    // Times of the agent, divided as those of the rules are.
    reverify: "1s",
    maxBackupDuration: "24s",
    repositories: acts.map(({ scene }) => ({ repo: scene.url, password: PASSWORD })),
    expect: acts.flatMap(({ scene, disaster }) =>
      disaster.expect.map((entry) => ({ ...entry, repositories: [scene.url], maxAge: "26s" })),
    ),
  });
  for (;;) {
    for (const { scene } of acts) await scene.runJobs();
    const stage = await Promise.race([starting, delay(STEP_MS, undefined)]);
    if (stage) return stage;
  }
}

class Play {
  readonly stage: LiveStage;
  readonly #acts: readonly Act[];

  constructor(stage: LiveStage, acts: readonly Act[]) {
    this.stage = stage;
    this.#acts = acts;
  }

  /** Lets time go on until a condition holds, or for the limit. */
  async until(holds: () => Promise<boolean>): Promise<void> {
    for (const start = performance.now(); performance.now() - start < LIMIT_MS;) {
      for (const { scene } of this.#acts) await scene.runJobs();
      for (const [act, alerts] of this.#shared(await this.stage.alerts())) act.see(alerts);
      if (await holds()) return;
      await delay(STEP_MS);
    }
  }

  /** Disasters happen at once; each is repaired when its alerts have arrived. Ends when all alerts have ended. */
  async through(acts: readonly Act[]): Promise<void> {
    for (const act of acts) {
      await act.disaster.strike?.(act.scene, this.stage.agent);
      act.struckAt ??= performance.now();
    }
    await this.until(async () => {
      for (const act of acts) await this.#advance(act);
      return acts.every(({ endedAfter }) => endedAfter !== undefined);
    });
  }

  async #advance(act: Act): Promise<void> {
    if (act.repairedAt === undefined) {
      if (!act.expected.every((name) => act.arrived.has(name))) return;
      await act.disaster.repair(act.scene, this.stage.agent);
      act.repairedAt = performance.now();
    } else if (act.active.size > 0) act.endedAfter = undefined;
    else act.endedAfter ??= secondsSince(act.repairedAt);
  }

  /** Asks Prometheus for all alerts of all times. */
  async recall(): Promise<void> {
    for (const [act, alerts] of this.#shared(await this.stage.fired()))
      for (const { alertname = "" } of alerts) act.fired.add(alertname);
  }

  /** The alerts of each act. Those that are about no scene are the last one's, which is about the agent. */
  #shared(alerts: readonly Labels[]): ReadonlyMap<Act, readonly Labels[]> {
    const shares = new Map<Act, Labels[]>(this.#acts.map((act) => [act, []]));
    for (const labels of alerts) {
      const act = this.#acts.find((one) => one.owns(labels)) ?? this.#acts.at(-1);
      if (act) shares.get(act)?.push(labels);
    }
    return shares;
  }
}

function secondsSince(time: number | undefined): number {
  return time === undefined ? 0 : (performance.now() - time) / 1000;
}

import { join } from "node:path";

import { ALERTS } from "../../../src/alerts/alerts.ts";
import { metricsIn } from "../alerts/expression-problems.ts";
import type { Disaster } from "./disaster.ts";
import { firing } from "./firing.ts";
import type { Firing, Recording } from "./firing.ts";
import { World } from "./world.ts";

/** The shipped file. */
export const RULES = join(import.meta.dirname, "../../../examples/prometheus/alerts.yml");

/** The metrics that the rules use. */
export const RULE_METRICS: ReadonlySet<string> = new Set(
  ALERTS.flatMap(({ alerts }) => alerts).flatMap(({ expr }) =>
    metricsIn(expr).map(({ name }) => name),
  ),
);

/** A disaster that has happened. */
export interface Played extends Recording {
  readonly disaster: Disaster;
  /** The number of looks before the disaster. */
  readonly struck: number;
  /** The number of looks before the repair; undefined: there is none. */
  readonly repaired: number | undefined;
  readonly found: Firing;
}

/** How right the alerts of a disaster were. */
export interface Verdict {
  /** The hours after which each alert fired. */
  readonly after: Readonly<Record<string, number>>;
  /** Alerts that are too late, missing, too long, or not expected. */
  readonly problems: readonly string[];
}

/** Lets a disaster happen to an agent, and the shipped rules see it. */
export async function play(disaster: Disaster): Promise<Played> {
  const world = await World.create(disaster);
  try {
    await disaster.play(world);
    const { looks, begin, stepMinutes, struck, repaired } = world;
    const recording = { looks, begin, stepMinutes };
    const found = await firing(recording, RULES, RULE_METRICS);
    if ("failed" in found) throw new Error(`rules fail: ${[...found.failed].join(", ")}`);
    return { disaster, ...recording, struck, repaired, found };
  } finally {
    await world.close();
  }
}

/** @param found the alerts that fired at each look */
export function judge({ disaster, struck, repaired, stepMinutes }: Played, found: Firing): Verdict {
  const problems: string[] = [];
  if (repaired === undefined && Object.keys(disaster.alerts).length > 0)
    problems.push("nothing is repaired");
  const after: Record<string, number> = {};
  const hours = (looks: number): number => (looks * stepMinutes) / 60;
  for (const [alert, within] of Object.entries(disaster.alerts)) {
    const first = found.findIndex((alerts) => alerts.has(alert));
    if (first < 0) problems.push(`${alert} does not fire`);
    else after[alert] = hours(first + 1 - struck);
    if (first >= 0 && first < struck) problems.push(`${alert} fires before the disaster`);
    if (hours(first + 1 - struck) > within)
      problems.push(`${alert} fires after ${hours(first + 1 - struck)} h, not within ${within} h`);
    const last = found.findLastIndex((alerts) => alerts.has(alert));
    const end =
      repaired === undefined ? found.length : repaired + (disaster.endsWithin ?? 2) / hours(1);
    if (last >= end)
      problems.push(`${alert} still fires ${hours(last + 1 - (repaired ?? 0))} h after the repair`);
  }
  for (const name of new Set(found.flatMap((alerts) => [...alerts.keys()])))
    if (!(name in disaster.alerts)) {
      const first = found.findIndex((alerts) => alerts.has(name));
      problems.push(`${name} fires ${hours(first + 1 - struck)} h after the disaster`);
    }
  return { after, problems };
}

/** The alerts of a story with the labels that they had at any time: `BackupLate {host="db"}`. */
export function labelledAlerts(found: Firing): readonly string[] {
  const texts = found.flatMap((alerts) =>
    [...alerts].flatMap(([alert, labels]) => [...labels].map((text) => `${alert} ${text}`)),
  );
  return [...new Set(texts)].toSorted();
}

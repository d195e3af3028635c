import { join } from "node:path";

import { ALERTS } from "../../../src/alerts/alerts.ts";
import { metricsIn } from "../alerts/expression-problems.ts";
import type { Disaster } from "./disaster.ts";
import { firing } from "./firing.ts";
import type { Firing } from "./firing.ts";
import { World } from "./world.ts";

const RULES = join(import.meta.dirname, "../../../examples/prometheus/alerts.yml");

/** The metrics that the rules use. */
const NAMES: ReadonlySet<string> = new Set(
  ALERTS.flatMap(({ alerts }) => alerts).flatMap(({ expr }) =>
    metricsIn(expr).map(({ name }) => name),
  ),
);

/** What a disaster has brought about. */
export interface Verdict {
  /** The hours after which each alert fired. */
  readonly after: Readonly<Record<string, number>>;
  /** Alerts that are too late, missing, too long, or not expected. */
  readonly problems: readonly string[];
}

/** Lets a disaster happen to an agent, and the shipped rules see it. */
export async function verdictOf(disaster: Disaster): Promise<Verdict> {
  const world = await World.create(disaster);
  try {
    await disaster.play(world);
    const { begin, stepMinutes } = world;
    const found = await firing(world.looks, { rules: RULES, start: begin, stepMinutes }, NAMES);
    return judge(disaster, world, found);
  } finally {
    await world.close();
  }
}

function judge(disaster: Disaster, world: World, found: Firing): Verdict {
  const problems: string[] = [];
  const after: Record<string, number> = {};
  const hours = (looks: number): number => (looks * world.stepMinutes) / 60;
  const { struck, repaired } = world;
  const expected = Object.entries(disaster.alerts);
  for (const [alert, within] of expected) {
    const first = found.findIndex((names) => names.has(alert));
    if (first < 0) problems.push(`${alert} does not fire`);
    else after[alert] = hours(first + 1 - struck);
    if (first >= 0 && first < struck) problems.push(`${alert} fires before the disaster`);
    if (hours(first + 1 - struck) > within)
      problems.push(`${alert} fires after ${hours(first + 1 - struck)} h, not within ${within} h`);
    const last = found.findLastIndex((names) => names.has(alert));
    const end =
      repaired === undefined ? found.length : repaired + (disaster.endsWithin ?? 2) / hours(1);
    if (last >= end)
      problems.push(`${alert} still fires ${hours(last + 1 - (repaired ?? 0))} h after the repair`);
  }
  for (const name of new Set(found.flatMap((names) => [...names])))
    if (!(name in disaster.alerts)) {
      const first = found.findIndex((names) => names.has(name));
      problems.push(`${name} fires ${hours(first + 1 - struck)} h after the disaster`);
    }
  return { after, problems };
}

import type { Disaster } from "./disaster.ts";
import type { Job } from "./scenery.ts";
import type { World } from "./world.ts";

type Change = (world: World) => unknown;

/** What happens in most disasters. */
interface Story {
  /** Days of the past with backups. Default: 3. */
  readonly days?: number;
  readonly jobs: readonly Job[];
  /** Hours before the disaster. Default: 8. */
  readonly quiet?: number;
  readonly strike: Change;
  /** Hours until the repair. */
  readonly lasts: number;
  readonly repair: Change;
  /** Hours after it. Default: 4. */
  readonly ends?: number;
}

/** Quiet hours, the disaster, hours in which the alerts fire, the repair, and hours in which they end. */
export function story({
  days = 3,
  jobs,
  quiet = 8,
  strike,
  lasts,
  repair,
  ends = 4,
}: Story): Disaster["play"] {
  return async (world) => {
    await world.begins(days, ...jobs);
    await world.hours(quiet);
    world.strike();
    await strike(world);
    await world.hours(lasts);
    world.repair();
    await repair(world);
    await world.hours(ends);
  };
}

/** The repair of an alert that ends by itself. */
export function nothing(): void {}

/** The same job in some repositories. */
export function inEach(job: Job, ...repositories: readonly number[]): readonly Job[] {
  return repositories.map((repository) => Object.assign({ ...job }, { repository }));
}

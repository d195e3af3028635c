import type { Scenery } from "./scenery.ts";
import type { World } from "./world.ts";

/** A story, and the alerts that tell of it. */
export interface Disaster extends Scenery {
  /** As the table in docs/alerting.md has it. */
  readonly name: string;
  /** The whole story: quiet days, `world.strike()`, hours in which alerts must fire, perhaps `world.repair()`, and hours in which they end. */
  readonly play: (world: World) => Promise<void>;
  /** The alerts that fire, and the hours within which each does. No other one fires at any time. */
  readonly alerts: Readonly<Record<string, number>>;
  /** The hours until an alert fires depend on timers of the agent, or on an inventory that was under way. */
  readonly hoursVary?: boolean;
  /** Hours after the repair within which all alerts have ended. Default: 2. */
  readonly endsWithin?: number;
}

import type { World } from "./world.ts";

export interface Disaster {
  /** As the table in docs/alerting.md has it. */
  readonly name: string;
  /** Settings of the agent, beside its repositories. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Keys of each entry of a repository. */
  readonly entry?: Readonly<Record<string, unknown>>;
  /** Default: 1. */
  readonly repositories?: number;
  /** Time between two looks of Prometheus, minutes. Default: 60. */
  readonly stepMinutes?: number;
  /** Default: true. */
  readonly hasStateDir?: boolean;
  /** The whole story: quiet days, `world.strike()`, hours in which alerts must fire, perhaps `world.repair()`, and hours in which they end. */
  readonly play: (world: World) => Promise<void>;
  /** The alerts that fire, and the hours within which each does. No other one fires at any time. */
  readonly alerts: Readonly<Record<string, number>>;
  /** Hours after the repair within which all alerts have ended. Default: 2. */
  readonly endsWithin?: number;
}

import { EVENT_DAYS } from "../../../src/alerts/alert.ts";
import type { Backup } from "./repository-on-disk.ts";

/** A backup that a host makes regularly. */
export interface Job extends Backup {
  /** Hours of the day in UTC. Default: 3. */
  readonly hours?: readonly number[];
  /** Days of the week on which it runs, from Sunday, 0. Default: all. */
  readonly weekdays?: readonly number[];
  /** The number of the repository. Default: 1. */
  readonly repository?: number;
}

export type Settings = Readonly<Record<string, unknown>>;

/** An agent, and how Prometheus gets its metrics. */
interface AgentScenery {
  /** Its settings. Default of `repositories`: all of them. `/repository-1` is the place of the first one. */
  readonly settings?: Settings;
  /** Default: true. */
  readonly hasStateDir?: boolean;
  /** Default: restic-otel. */
  readonly job?: string;
  /** Default: another one for each agent. */
  readonly instance?: string;
  /** It pushes, and Prometheus does not scrape it. */
  readonly isPushed?: boolean;
  /** An application with metrics of its own, which embeds the gauges if its settings name repositories, is in the place of the agent. */
  readonly isApplication?: boolean;
}

/** Where a disaster happens, and the first agent. */
export interface Scenery extends AgentScenery {
  /** Keys of each entry of a repository. */
  readonly entry?: Settings;
  /** Default: 1. */
  readonly repositories?: number;
  /** Time between two looks of Prometheus, minutes. Default: 60. */
  readonly stepMinutes?: number;
  /** An inventory is due at each look. */
  readonly hasInventory?: boolean;
  /** Further agents. Default of each key, and of each setting: that of the first agent. */
  readonly others?: readonly AgentScenery[];
}

export const WEB: Job = { host: "web" };
export const DB: Job = { host: "db" };

/** Both hosts must have a backup of each day. */
export const SERVERS: Settings = {
  expect: [{ name: "servers", hosts: ["web", "db"], users: ["root"], maxAge: "26h" }],
};

/** The hours for which an alert on an event fires. */
export const EVENT_HOURS = EVENT_DAYS * 24;

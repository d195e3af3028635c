import { Collector } from "../../../instrumentation/collect/collector.ts";
import type { CollectorSettings } from "../../../instrumentation/collect/plan.ts";
import { parseSchedule } from "../../../instrumentation/collect/schedule.ts";
import { FakeClock } from "../core/clock.ts";
import { ArrayLogger } from "../core/logger.ts";
import type { ManualSource } from "./source.ts";

export const SECONDS = 1000;
export const MINUTES = 60 * SECONDS;
export const HOURS = 60 * MINUTES;

/** Start time of the clock: 2026-01-01T00:00:00Z, a Thursday. */
export const START = 1_767_225_600_000;

interface LooseSettings extends Partial<Omit<CollectorSettings, "schedule">> {
  readonly cron?: string;
}

/** A collector with its clock, logger and store. */
export interface CollectorBench {
  readonly clock: FakeClock;
  readonly logger: ArrayLogger;
  readonly collector: Collector<string>;
  /** Defaults: every midnight, timeout 5 minutes, concurrency 8, with retries. */
  configure(sources: readonly ManualSource[], settings?: LooseSettings): void;
  /** The states in the store, by the names of the sources. */
  stored(): Readonly<Record<string, string | undefined>>;
}

export function collectorBench(): CollectorBench {
  const clock = new FakeClock(START);
  const logger = new ArrayLogger();
  const collector = new Collector<string>({ clock, logger });
  return {
    clock,
    logger,
    collector,
    configure(sources, { cron = "0 0 * * *", ...settings } = {}): void {
      const schedule = parseSchedule(cron, "UTC");
      const defaults = { timeoutMs: 5 * MINUTES, concurrency: 8, retryFailed: true };
      collector.configure(sources, { ...defaults, ...settings, schedule });
    },
    stored: () =>
      Object.fromEntries(
        [...collector.store.entries()].map(({ subject, state }) => [subject["name"] ?? "", state]),
      ),
  };
}

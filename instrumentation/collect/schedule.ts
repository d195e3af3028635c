import { Cron } from "croner";
import { parseDurationMs } from "../core/duration.ts";
import { AgentError } from "../core/error.ts";
import { collapseStars, toCronerPattern } from "./cron-dialect.ts";

/** When collections are due. */
export interface Schedule {
  /** As it was written. */
  readonly text: string;
  /** The first time that is later than `after`; both milliseconds since the epoch. */
  next(after: number): number;
}

const EXAMPLE = "a good one is '0 3 * * *' (each day at 03:00), '@hourly' or '@every 1h30m'";
const ZONE_PREFIX = /^(?:CRON_)?TZ=(\S*)(?:\s+|$)/;
const EVERY = /^@every(?:\s+(.*))?$/;
/** Go's longest duration, about 292 years. */
const LONGEST_MS = 2 ** 63 / 1e6;

/**
 * Reads what cron of Go programs (robfig/cron, gocron) reads: five fields, six with seconds first, `@daily` and its
 * like, `@every <duration>`, and a `CRON_TZ=Zone ` or `TZ=Zone ` in front, which wins over `timezone`.
 * Without a zone it is that of the process.
 *
 * Where clocks are changed, a job of fixed times still runs once a day: a time that is skipped in spring runs right
 * after the gap, one that comes twice in autumn runs the first time. A job with a `*` or a step among its hours or
 * minutes follows the clock.
 *
 * `@every` has no anchor: it counts from `after`.
 *
 * @throws AgentError `config`, saying what is wrong and what a good one looks like. Times that never come are wrong.
 */
export function parseSchedule(cron: string, timezone: string | undefined): Schedule {
  const text = cron.trim();
  const prefix = ZONE_PREFIX.exec(text);
  const zone = checkZone(text, prefix ? goZone(prefix[1]) : timezone);
  const rule = text.slice(prefix?.[0].length ?? 0).trim();
  if (rule === "") throw invalid(text, "there is no time in it");

  const fields = rule.split(/\s+/);
  if (!rule.startsWith("@") && fields.length !== 5 && fields.length !== 6) {
    throw invalid(text, `it has ${fields.length} fields in place of five (or six, seconds first)`);
  }
  const every = EVERY.exec(rule);
  return every ? everySchedule(text, every[1]?.trim() ?? "") : cronSchedule(text, rule, zone);
}

function everySchedule(text: string, duration: string): Schedule {
  const ms = parseDurationMs(duration);
  if (ms === undefined || ms > LONGEST_MS)
    throw invalid(text, `'${duration}' is not a duration like 1h30m`);
  if (ms < 1000) throw invalid(text, "the shortest interval is 1s");
  const stepMs = Math.floor(ms / 1000) * 1000;
  return { text, next: (after) => Math.floor(after / 1000) * 1000 + stepMs };
}

function cronSchedule(text: string, rule: string, zone: string | undefined): Schedule {
  const pattern = toCronerPattern(rule);
  calculator(text, pattern, zone);
  const job = calculator(text, collapseStars(pattern), zone);
  const next = (after: number): number | undefined => {
    // oxlint-disable-next-line no-restricted-globals -- a conversion: the time is the caller's
    return job.nextRun(new Date(after))?.getTime();
  };
  if (next(0) === undefined) throw invalid(text, "there is no such date");
  return { text, next: (after) => next(after) ?? Number.POSITIVE_INFINITY };
}

/** Used as a calculator only: without a function it sets no timer. */
function calculator(text: string, pattern: string, zone: string | undefined): Cron {
  try {
    return new Cron(pattern, {
      paused: true,
      mode: "5-or-6-parts",
      fixedTimeRule: "no-wildcard",
      ...(zone !== undefined && { timezone: zone }),
    });
  } catch (error) {
    throw invalid(text, reason(error), error);
  }
}

/** Go's names for its two special zones: empty is UTC, `Local` is that of the process. */
function goZone(zone: string | undefined): string | undefined {
  if (zone === "Local") return undefined;
  return zone || "UTC";
}

function checkZone(text: string, zone: string | undefined): string | undefined {
  if (zone === undefined) return undefined;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
  } catch (error) {
    throw invalid(text, `there is no time zone '${zone}', a good one is 'Europe/Berlin'`, error);
  }
}

function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : "it cannot be read";
  const plain = message.replace(/^CronPattern: /, "");
  return plain.charAt(0).toLowerCase() + plain.slice(1);
}

function invalid(text: string, what: string, cause?: unknown): AgentError {
  return new AgentError("config", `cron '${text}' is not valid: ${what}; ${EXAMPLE}`, { cause });
}

import { Cron } from "croner";
import { parseDurationMs } from "../core/duration.ts";
import { AgentError } from "../core/error.ts";
import { collapseStars, toCronerPattern } from "./cron-dialect.ts";

export interface Schedule {
  /** The configured text, trimmed. */
  readonly text: string;
  /** The first scheduled time later than `after`; both are milliseconds since the epoch. */
  next(after: number): number;
}

const EXAMPLES = "valid examples: '0 3 * * *' (each day at 03:00), '@hourly', '@every 1h30m'";
const ZONE_PREFIX = /^(?:CRON_)?TZ=(\S*)(?:\s+|$)/;
const EVERY = /^@every(?:\s(.*))?$/s;
/** Go's longest duration, about 292 years. */
const LONGEST_MS = 2 ** 63 / 1e6;

/**
 * Parses the cron syntax of Go programs (robfig/cron, gocron): five fields, or six with seconds first; `@yearly`,
 * `@monthly`, `@weekly`, `@daily`, `@hourly`; `@every <duration>`. A prefix `CRON_TZ=Zone ` or `TZ=Zone ` overrides
 * `timezone`. Without either the time zone of the process is used.
 *
 * Daylight saving time: a fixed time of day runs once a day. If spring skips it, it runs right after the gap; if autumn
 * repeats it, it runs the first time. A schedule with `*` or a step in its hours or minutes follows the clock.
 *
 * `@every` counts from `after`.
 *
 * @throws AgentError `config`, with the problem and valid examples. A date that never occurs is a problem too.
 */
export function parseSchedule(cron: string, timezone: string | undefined): Schedule {
  const text = cron.trim();
  const prefix = ZONE_PREFIX.exec(text);
  const zone = checkZone(text, prefix ? goZone(prefix[1]) : timezone);
  const rule = text.slice(prefix?.[0].length ?? 0).trim();
  if (rule === "") throw invalid(text, "the fields are missing");

  const fields = rule.split(/\s+/);
  if (!rule.startsWith("@") && fields.length !== 5 && fields.length !== 6) {
    throw invalid(text, `expected 5 fields (or 6, seconds first), found ${fields.length}`);
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
    // oxlint-disable-next-line no-restricted-globals -- converts a given time, does not read the clock
    return job.nextRun(new Date(after))?.getTime();
  };
  if (next(0) === undefined) throw invalid(text, "this date never occurs");
  return { text, next: (after) => next(after) ?? Number.POSITIVE_INFINITY };
}

/** Croner calculates times only: without a callback it sets no timer. */
function calculator(text: string, pattern: string, zone: string | undefined): Cron {
  try {
    return new Cron(pattern, {
      paused: true,
      mode: "5-or-6-parts",
      fixedTimeRule: "no-wildcard",
      ...(zone !== undefined && { timezone: zone }),
    });
  } catch (error) {
    throw invalid(text, problemOf(error), error);
  }
}

/** Go's two special zone names: empty means UTC, `Local` the zone of the process. */
function goZone(zone: string | undefined): string | undefined {
  if (zone === "Local") return undefined;
  return zone || "UTC";
}

function checkZone(text: string, zone: string | undefined): string | undefined {
  if (zone === undefined) return undefined;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
  } catch (error) {
    const shown = PRINTABLE.test(zone) ? ` '${zone}'` : "";
    throw invalid(text, `unknown time zone${shown} (valid example: 'Europe/Berlin')`, error);
  }
}

function problemOf(error: unknown): string {
  const message = error instanceof Error ? error.message : "it cannot be parsed";
  // Some messages repeat the whole rule, which `invalid` names.
  const plain = message.replace(/^CronPattern: /, "").replace(/ \('[^']*'\)/, "");
  return plain.charAt(0).toLowerCase() + plain.slice(1);
}

/** A text that is long, has a line break or may be a login is not repeated. */
const PRINTABLE = /^@?[^\p{Cc}@]{0,100}$/u;

function invalid(text: string, problem: string, cause?: unknown): AgentError {
  const shown = PRINTABLE.test(text) ? `invalid cron '${text}': ${problem}` : "invalid cron";
  return new AgentError("config", `${shown}; ${EXAMPLES}`, { cause });
}

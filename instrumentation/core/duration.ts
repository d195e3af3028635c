import type { JsonSchema } from "./json-schema.ts";

const UNIT_MS = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
} as const;
type Unit = keyof typeof UNIT_MS;

const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h|d|w)/y;

/** The schema of a duration above zero. */
export const DURATION: JsonSchema = {
  type: "string",
  pattern: `^(?=.*[1-9])(?:${PART.source})+$`,
};

function isUnit(text: string | undefined): text is Unit {
  return text !== undefined && Object.hasOwn(UNIT_MS, text);
}

/**
 * A duration in milliseconds: as Go's time.ParseDuration (`30s`, `1h30m`, `1.5h`), with Prometheus's days of 24 h and weeks (`14d`, `1w2d`).
 * undefined: not a duration, or negative.
 */
export function parseDurationMs(text: string): number | undefined {
  let total = 0;
  let end = 0;
  while (end < text.length) {
    PART.lastIndex = end;
    const part = PART.exec(text);
    const unit = part?.[2];
    if (!part || !isUnit(unit)) return undefined;
    total += Number(part[1]) * UNIT_MS[unit];
    end = PART.lastIndex;
  }
  return end > 0 && Number.isFinite(total) ? total : undefined;
}

/** The shortest Go duration, to the millisecond: `5m`, `1h30m`, `1.5s`, `0s`. */
export function formatDuration(ms: number): string {
  const whole = Math.round(ms);
  const hours = Math.floor(whole / UNIT_MS.h);
  const minutes = Math.floor((whole % UNIT_MS.h) / UNIT_MS.m);
  const seconds = (whole % UNIT_MS.m) / UNIT_MS.s;
  const text = `${hours > 0 ? `${hours}h` : ""}${minutes > 0 ? `${minutes}m` : ""}${seconds > 0 ? `${seconds}s` : ""}`;
  return text === "" ? "0s" : text;
}

/** A setting in milliseconds; undefined: it is no text of a duration above 0. */
export function positiveMs(value: unknown): number | undefined {
  const ms = typeof value === "string" ? parseDurationMs(value) : undefined;
  return ms !== undefined && ms > 0 ? ms : undefined;
}

/** A point in time as restic writes it, to the nanosecond. */
export interface Instant {
  /** Whole seconds since the epoch, rounded down. */
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** Go's zero time, in the year 1: a time that is not known. */
export const ZERO_TIME: Instant = { seconds: -62_135_596_800, nanoseconds: 0 };

const RFC_3339 =
  /^(\d{4}-\d\d-(\d\d))T(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-]\d\d):(\d\d))$/;

/**
 * RFC 3339 as Go parses it, and thereby restic: with any number of fraction digits, of which nine count, a comma in place of their
 * point, an hour of one digit. undefined for anything else, such as February 30 or 24:00.
 */
export function parseInstant(text: string): Instant | undefined {
  const match = RFC_3339.exec(text);
  if (!match) return undefined;
  const [, date, day, hours, minutes, seconds, fraction = "", zoneHours = "+00", zoneMinutes] =
    match;
  const midnight = Date.parse(`${date}T00:00:00Z`);
  // Date.parse makes March 1 of February 30.
  if (new Date(midnight).getUTCDate() !== Number(day)) return undefined;
  const [hour, minute, second] = [Number(hours), Number(minutes), Number(seconds)];
  const [zoneHour, zoneMinute] = [Number(zoneHours), Number(zoneMinutes ?? 0)];
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  if (Math.abs(zoneHour) > 24 || zoneMinute > 60) return undefined;
  const offset = zoneHour * 3600 + (zoneHours.startsWith("-") ? -1 : 1) * zoneMinute * 60;
  return {
    seconds: midnight / 1000 + hour * 3600 + minute * 60 + second - offset,
    nanoseconds: Number(fraction.slice(0, 9).padEnd(9, "0")),
  };
}

/** Negative if `a` is before `b`. */
export function compareInstants(a: Instant, b: Instant): number {
  return a.seconds - b.seconds || a.nanoseconds - b.nanoseconds;
}

/** Seconds from `a` to `b`. */
export function secondsBetween(a: Instant, b: Instant): number {
  return b.seconds - a.seconds + (b.nanoseconds - a.nanoseconds) / 1e9;
}

/** ISO 8601 in UTC; the number if no date has it. @param seconds since the epoch */
export function formatSeconds(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString();
}

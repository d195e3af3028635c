/** A point in time as restic writes it, to the nanosecond. */
export interface Instant {
  /** Whole seconds since the epoch, rounded down. */
  readonly seconds: number;
  readonly nanoseconds: number;
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;
const ZERO = "0".charCodeAt(0);
const FRACTION_AT = "2006-01-02T15:04:05.".length;

/** RFC 3339 with up to nine fraction digits and any zone offset; undefined for anything else. */
export function parseInstant(text: string): Instant | undefined {
  if (!RFC_3339.test(text)) return undefined;
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) return undefined;
  return { seconds: Math.floor(milliseconds / 1000), nanoseconds: nanosecondsIn(text) };
}

function nanosecondsIn(text: string): number {
  if (text[FRACTION_AT - 1] !== ".") return 0;
  let nanoseconds = 0;
  for (let at = FRACTION_AT, worth = 1e8; ; at++, worth /= 10) {
    const digit = text.charCodeAt(at) - ZERO;
    // The zone.
    if (!(digit >= 0 && digit <= 9)) return nanoseconds;
    nanoseconds += digit * worth;
  }
}

/** Seconds from `a` to `b`. */
export function secondsBetween(a: Instant, b: Instant): number {
  return b.seconds - a.seconds + (b.nanoseconds - a.nanoseconds) / 1e9;
}

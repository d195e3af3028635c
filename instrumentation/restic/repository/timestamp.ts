/** A point in time as restic writes it, to the nanosecond. */
export interface Instant {
  /** Whole seconds since the epoch, rounded down. */
  readonly seconds: number;
  readonly nanoseconds: number;
}

const RFC_3339 =
  /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.(?<fraction>\d{1,9}))?(?:Z|[+-]\d{2}:\d{2})$/;

/** RFC 3339 with up to nine fraction digits and any zone offset; undefined for anything else. */
export function parseInstant(text: string): Instant | undefined {
  const match = RFC_3339.exec(text);
  if (!match) return undefined;
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) return undefined;
  const fraction = match.groups?.["fraction"] ?? "";
  return { seconds: Math.floor(milliseconds / 1000), nanoseconds: Number(fraction.padEnd(9, "0")) };
}

/** Negative if `a` is before `b`. */
export function compareInstants(a: Instant, b: Instant): number {
  return a.seconds - b.seconds || a.nanoseconds - b.nanoseconds;
}

/** Seconds from `a` to `b`. */
export function secondsBetween(a: Instant, b: Instant): number {
  return b.seconds - a.seconds + (b.nanoseconds - a.nanoseconds) / 1e9;
}

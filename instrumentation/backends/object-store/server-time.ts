/** `20261126T223724Z`, as AWS signs it. @param at milliseconds since the epoch */
export function awsStamp(at: number): string {
  return new Date(at).toISOString().replaceAll(/[:-]|\.\d+/g, "");
}

/** The longest HTTP date, `Wednesday, 26-Nov-26 22:37:24 GMT`, is shorter. */
const MAX_DATE_LENGTH = 64;

/** An ISO 8601 or HTTP date in milliseconds since the epoch; undefined: not a date. */
export function parseServerTime(text: unknown): number | undefined {
  const isDate =
    typeof text === "string" &&
    text.length <= MAX_DATE_LENGTH &&
    /\d{4}.*\d\d:\d\d:\d\d/.test(text);
  const at = isDate ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

/** `Thu, 26 Nov 2026 22:37:24 GMT`. @param at milliseconds since the epoch */
export function httpDate(at: number): string {
  return new Date(at).toUTCString();
}

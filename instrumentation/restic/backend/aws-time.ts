/** `20261126T223724Z`, as AWS signs it. @param at milliseconds since the epoch */
export function awsStamp(at: number): string {
  return new Date(at).toISOString().replaceAll(/[:-]|\.\d+/g, "");
}

/** A time of AWS's answers and headers, ISO 8601 or that of HTTP, as milliseconds since the epoch; undefined for anything else. */
export function parseAwsTime(text: unknown): number | undefined {
  const at =
    typeof text === "string" && /\d{4}.*\d\d:\d\d:\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

/* oxlint-disable no-restricted-globals -- converts given times, does not read the clock */

import type { JsonSchema } from "../../core/json-schema.ts";

const DATE = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2}))?$/;

export const DATE_SCHEMA: JsonSchema = { type: "string", pattern: DATE.source };

/** `2026-12-31` (00:00 UTC) or RFC 3339 (`2026-12-31T18:00:00+01:00`) in milliseconds since the epoch; undefined: not a date. */
export function parseDateMs(text: string): number | undefined {
  const [, day = ""] = DATE.exec(text) ?? [];
  const ms = Date.parse(text);
  const midnight = Date.parse(day);
  if (Number.isNaN(ms) || Number.isNaN(midnight)) return undefined;
  // Date.parse takes February 30 as March 2.
  return new Date(midnight).toISOString().startsWith(day) ? ms : undefined;
}

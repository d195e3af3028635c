import type { JsonSchema } from "../../core/json-schema.ts";

/** A duration of the calendar, as restic's `--keep-within` has it. */
export interface ResticDuration {
  readonly years: number;
  readonly months: number;
  readonly days: number;
  readonly hours: number;
}

const PART = /(\d{1,5})([ymdh])/g;

/** The schema of a duration above zero. */
export const RESTIC_DURATION: JsonSchema = {
  type: "string",
  pattern: "^(?=.*[1-9])(?:\\d{1,5}[ymdh])+$",
};

/** `1y5m7d2h`: years, months, days, hours. undefined: not a duration. As for restic, the last number of a unit counts. */
export function parseResticDuration(text: string): ResticDuration | undefined {
  const parts = [...text.matchAll(PART)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text) return undefined;
  const of = (unit: string): number =>
    Number(parts.findLast(([, , ownUnit]) => ownUnit === unit)?.[1] ?? 0);
  return { years: of("y"), months: of("m"), days: of("d"), hours: of("h") };
}

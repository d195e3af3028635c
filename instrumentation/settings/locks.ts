import { DURATION, positiveMs } from "../core/duration.ts";
import { isJsonObject } from "../core/json.ts";
import { mapping } from "../core/json-schema.ts";
import type { JsonSchema } from "../core/json-schema.ts";

/** Time from one look at the locks of a repository to the next, milliseconds. */
export type LocksEvery = number | "off";

export const LOCKS_SCHEMA: JsonSchema = {
  anyOf: [mapping({ every: DURATION }, ["every"]), DURATION, { enum: ["off", false] }],
};

export const LOCKS_EXPECTED = "must be {every: 15m}, with any duration, or off";

/** `{every: 15m}`, `15m` as in a variable, `off` or false; undefined: invalid. */
export function parseLocks(value: unknown): LocksEvery | undefined {
  if (value === "off" || value === false) return "off";
  const isMapping = isJsonObject(value) && Object.keys(value).join() === "every";
  const every = isMapping ? value["every"] : value;
  return positiveMs(every);
}

import type { JsonSchema } from "../../core/json-schema.ts";

const LISTS = ["tags", "paths"] as const;

/** The lists of a snapshot that divide a backup set into groups. Empty: no groups. */
export type GroupBy = readonly (typeof LISTS)[number][];

export const GROUP_BY_SCHEMA: JsonSchema = {
  anyOf: [
    { type: "array", items: { enum: LISTS }, uniqueItems: true },
    { enum: ["", ...LISTS, "tags,paths", "paths,tags"] },
  ],
};

export const GROUP_BY_EXPECTED = "must be [tags], [paths] or [paths, tags]";

/** A list, or text with commas as in a variable; undefined: invalid. */
export function parseGroupBy(value: unknown): GroupBy | undefined {
  const written = typeof value === "string" && value !== "" ? value.split(",") : value;
  const entries: readonly unknown[] = Array.isArray(written) ? written : [value];
  const lists = LISTS.filter((list) => entries.includes(list));
  return value === "" || lists.length === entries.length ? lists : undefined;
}

import { nearest } from "./nearest.ts";
import { isJsonObject } from "../core/json.ts";
import { mapping } from "../core/json-schema.ts";
import type { JsonSchema } from "../core/json-schema.ts";
import { OPTIONS } from "../backends/options.ts";

/** The key `options`. */
export const OPTIONS_SCHEMA: JsonSchema = mapping(
  Object.fromEntries(
    [...OPTIONS.keys()].map((name) => [name, { type: ["string", "number", "boolean"] }]),
  ),
);

/**
 * Parses restic's `-o` options of a repository.
 * @param customSchemes schemes of custom backends, whose options are not checked
 * @param report called for each problem
 */
export function parseOptions(
  value: unknown,
  customSchemes: readonly string[],
  report: (path: readonly string[], message: string) => void,
): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  if (!isJsonObject(value)) {
    report([], "must be a mapping from restic's options to values");
    return {};
  }
  const options: Record<string, string> = {};
  for (const [name, given] of Object.entries(value)) {
    const message = problemOf(name, given, customSchemes);
    if (message === undefined) options[name] = String(given);
    else report([name], message);
  }
  return options;
}

/** An option may belong to another scheme than that of the repository, as for restic. */
function problemOf(
  name: string,
  value: unknown,
  customSchemes: readonly string[],
): string | undefined {
  const [scheme = ""] = name.split(".");
  const check = OPTIONS.get(name);
  if (!check && !customSchemes.includes(scheme)) return unknownOption(name, scheme);
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean")
    return "must be text";
  return check?.(String(value));
}

function unknownOption(name: string, scheme: string): string {
  const known = [...OPTIONS.keys()];
  const near = nearest(name, known);
  if (near !== undefined) return `unknown option, did you mean ${near}?`;
  const ofScheme = known.filter((option) => option.startsWith(`${scheme}.`));
  return ofScheme.length > 0
    ? `unknown option; known options: ${ofScheme.join(", ")}`
    : 'unknown option; "restic options" lists the known options';
}

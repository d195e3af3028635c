import { nearest } from "./nearest.ts";
import { isJsonObject } from "../core/json.ts";

import { OPTIONS } from "../backends/options.ts";

/**
 * restic's `-o` options of a repository, as text.
 * @param custom schemes that somebody else brings the backend for: their options are theirs
 * @param report is told what is wrong, and where
 */
export function parseOptions(
  value: unknown,
  custom: readonly string[],
  report: (path: readonly string[], message: string) => void,
): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  if (!isJsonObject(value)) {
    report([], "must be a mapping from restic's options to values");
    return {};
  }
  const options: Record<string, string> = {};
  for (const [name, given] of Object.entries(value)) {
    const message = problemOf(name, given, custom);
    if (message === undefined) options[name] = String(given);
    else report([name], message);
  }
  return options;
}

/** As for restic, an option may be for another scheme than that of the repository. */
function problemOf(name: string, value: unknown, custom: readonly string[]): string | undefined {
  const [scheme = ""] = name.split(".");
  const check = OPTIONS.get(name);
  if (!check && !custom.includes(scheme)) return unknownOption(name, scheme);
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean")
    return "must be text";
  return check?.(String(value));
}

function unknownOption(name: string, scheme: string): string {
  const known = [...OPTIONS.keys()];
  const near = nearest(name, known);
  if (near !== undefined) return `unknown option, did you mean ${near}?`;
  const kin = known.filter((one) => one.startsWith(`${scheme}.`));
  return kin.length > 0
    ? `unknown option; known are ${kin.join(", ")}`
    : 'unknown option; known are those that "restic options" lists';
}

import { nearest } from "./nearest.ts";

/** A problem in settings. The message contains no value that may be secret. */
export interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Unknown keys of a mapping that have a message of their own. */
const MAX_KEYS = 20;

/** The unknown keys of a mapping, each with a message; the message of the last one counts those that are left out. */
export function unknownKeys(
  mapping: object,
  known: readonly string[],
): readonly (readonly [key: string, message: string])[] {
  const unknown = Object.keys(mapping).filter((key) => !known.includes(key));
  const rest = unknown.length - MAX_KEYS;
  return unknown.slice(0, MAX_KEYS).map((key, index) => {
    const more = rest > 0 && index === MAX_KEYS - 1 ? `; and ${rest} more unknown keys` : "";
    return [key, `${unknownKey(key, known)}${more}`];
  });
}

/** The message for an unknown key, with a suggestion. */
export function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  return near === undefined
    ? `unknown key; known keys: ${known.join(", ")}`
    : `unknown key, did you mean ${near}?`;
}

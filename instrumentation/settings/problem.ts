import { nearest } from "./nearest.ts";

/** A problem in settings. The message contains no value that may be secret. */
export interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** The message for an unknown key, with a suggestion. */
export function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  return near === undefined
    ? `unknown key; known keys: ${known.join(", ")}`
    : `unknown key, did you mean ${near}?`;
}

import { nearest } from "./nearest.ts";

/** Something wrong in settings. The message never holds a value that may be secret. */
export interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** `unknown key`, with the known one that is near. */
export function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  return near === undefined
    ? `unknown key; known are ${known.join(", ")}`
    : `unknown key, did you mean ${near}?`;
}

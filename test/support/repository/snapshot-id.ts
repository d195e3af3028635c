import { hash } from "node:crypto";

/** An id that is the same for the same text. */
export function idOf(text: string): string {
  return hash("sha256", text);
}

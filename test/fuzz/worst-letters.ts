import type { Target } from "./target.ts";

/** Each is repeated up to the size. */
export const LETTERS = [
  ...Array.from("a1 /\\=\"'&<>,;:([{-.%?*@|#\n\t\0\xff"),
  '"="',
  '"\\',
  "[]",
  "[],",
  '"a",',
  "1a",
  "1 ",
  "a=",
  "a.",
  "a/",
  "a:",
  "<a",
  "<a>",
  "<a/>",
  "<!--",
  "&a",
  "&#1",
  "2026",
  "1:",
  "()",
  ", ",
  "\r\n",
  ' "',
];

/** CPU time, which does not depend on what else runs on the machine. */
export async function microseconds({ take }: Target, input: Buffer): Promise<number> {
  const begin = process.cpuUsage();
  try {
    await take(input);
  } catch {
    // A refusal takes time as well.
  }
  return process.cpuUsage(begin).user;
}

/** A beginning, and letters over and over. */
export function inputOf(head: string, letters: string, bytes: number): Buffer {
  return Buffer.concat([Buffer.from(head), Buffer.alloc(bytes, letters)]);
}

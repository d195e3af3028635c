import { nearest } from "restic-otel-instrumentation/internal";

import type { WrittenValue } from "./written-value.ts";

/** Headers that may be set, and the values that some are bound to. */
const HEADERS: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ["Strict-Transport-Security", []],
  ["X-Content-Type-Options", ["nosniff"]],
  ["X-Frame-Options", ["deny", "sameorigin"]],
  ["X-XSS-Protection", []],
  ["Content-Security-Policy", []],
]);

/** By name in lower case. */
export function parseHeaders(headers: WrittenValue): Readonly<Record<string, string>> {
  const parsed: Record<string, string> = {};
  for (const [name, value] of headers.entries()) {
    const allowed = HEADERS.get(name);
    const text = value.text();
    if (!allowed) {
      const near = nearest(name, [...HEADERS.keys()]);
      value.problem(
        near === undefined
          ? `cannot be set; can be: ${[...HEADERS.keys()].join(", ")}`
          : `cannot be set, did you mean ${near}?`,
      );
    } else if (allowed.length > 0 && !allowed.includes(text))
      value.problem(`must be ${allowed.join(" or ")}`);
    else {
      // As Go does it: a block of text becomes a line, and what is not ASCII is sent as UTF-8.
      const line = text.replaceAll(/[\r\n]/g, " ").trim();
      // oxlint-disable-next-line no-control-regex -- these are what is looked for
      if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(line))
        value.problem("has a control character in it");
      parsed[name.toLowerCase()] = Buffer.from(line, "utf8").toString("latin1");
    }
  }
  return parsed;
}

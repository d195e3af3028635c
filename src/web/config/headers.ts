import { nearest } from "restic-otel-instrumentation/internal";

import type { WrittenValue } from "./written-value.ts";

/** The headers that a config can set, and their allowed values (empty: any). */
const HEADERS: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ["Strict-Transport-Security", []],
  ["X-Content-Type-Options", ["nosniff"]],
  ["X-Frame-Options", ["deny", "sameorigin"]],
  ["X-XSS-Protection", []],
  ["Content-Security-Policy", []],
]);

export const HEADER_NAMES: readonly string[] = [...HEADERS.keys()];

/** Headers by lower-case name. */
export function parseHeaders(headers: WrittenValue): Readonly<Record<string, string>> {
  const parsed: Record<string, string> = {};
  for (const [name, value] of headers.entries()) {
    const allowed = HEADERS.get(name);
    const text = value.text();
    if (!allowed) {
      const near = nearest(name, HEADER_NAMES);
      value.problem(
        near === undefined
          ? `cannot be set; allowed are ${HEADER_NAMES.join(", ")}`
          : `cannot be set, did you mean ${near}?`,
      );
    } else if (allowed.length > 0 && !allowed.includes(text))
      value.problem(`must be ${allowed.join(" or ")}`);
    else {
      // As in Go: line breaks become spaces, and non-ASCII text is sent as UTF-8.
      const line = text.replaceAll(/[\r\n]/g, " ").trim();
      // oxlint-disable-next-line no-control-regex -- the check is for control characters
      if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(line))
        value.problem("contains a control character");
      parsed[name.toLowerCase()] = Buffer.from(line, "utf8").toString("latin1");
    }
  }
  return parsed;
}

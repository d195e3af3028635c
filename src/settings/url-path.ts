import { parsedFormat } from "./formats.ts";

/** RFC 3986, section 2.3: characters that need no percent encoding. */
const PATH = /^(?:\/[\w.~-]+)+$/;
/** Paths that the agent serves itself. */
const RESERVED = /^\/(?:(?:-|api)(?:\/|$)|status\.(?:css|js)$)/;

/** The path of a page that does not replace another page of the agent. */
export const urlPath = parsedFormat(
  { type: "string", pattern: PATH.source, not: { pattern: RESERVED.source } },
  (value) =>
    typeof value === "string" && PATH.test(value) && !RESERVED.test(value) ? value : undefined,
  'must be a path like "/metrics", but not "/", "/-/…", "/api/…" or another page of the agent',
);

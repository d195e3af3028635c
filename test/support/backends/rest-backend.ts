import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { parseLocation } from "../../../instrumentation/backends/location.ts";
import { openRest } from "../../../instrumentation/backends/rest/rest.ts";
import { contextOf } from "./backend-context.ts";
import type { ContextOptions } from "./backend-context.ts";

interface RestOptions extends ContextOptions {
  readonly idleMs?: number;
}

/** The backend of a `rest:` repository string, without retries. */
export function openRestAt(
  repo: string,
  { idleMs, ...options }: RestOptions = {},
): Promise<Backend> {
  const location = parseLocation(repo);
  if (location.scheme !== "rest") throw new Error(`${repo} is not a REST location`);
  return openRest(location, contextOf("rest", options), idleMs);
}

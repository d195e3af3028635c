import { openB2 } from "../../../instrumentation/backends/b2/b2.ts";
import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { parseLocation } from "../../../instrumentation/backends/location.ts";
import { contextOf } from "./backend-context.ts";
import type { ContextOptions } from "./backend-context.ts";

interface B2Options extends ContextOptions {
  readonly idleMs?: number;
}

/** The backend of a `b2:` repository string, without retries. */
export function openB2At(repo: string, { idleMs, ...options }: B2Options): Promise<Backend> {
  const location = parseLocation(repo);
  if (location.scheme !== "b2") throw new Error(`${repo} is not a B2 location`);
  return openB2(location, contextOf("b2", options), idleMs);
}

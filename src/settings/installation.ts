import { resolve } from "node:path";

import { formatBind } from "./bind.ts";
import type { AgentSettings } from "./load.ts";

/**
 * Tells one installation from another on the same host: by the file, or the repository without one, and where it listens.
 * @param urls of the repositories, without credentials
 */
export function installationOf(
  { bind, source }: Pick<AgentSettings, "bind" | "source">,
  urls: readonly string[],
): string {
  const named = source === "environment" ? urls : [resolve(source)];
  return [...named, ...bind.map(formatBind)].join("\n");
}

import { resolve } from "node:path";

import { formatBind } from "./bind.ts";
import type { AgentSettings } from "./load.ts";

/**
 * Identifies this installation among others on the same host, by its settings file (or repositories, without a file) and its addresses.
 * @param urls the printable URLs of the repositories
 */
export function installationOf(
  { bind, source }: Pick<AgentSettings, "bind" | "source">,
  urls: readonly string[],
): string {
  const named = source === "environment" ? urls : [resolve(source)];
  return [...named, ...bind.map(formatBind)].join("\n");
}

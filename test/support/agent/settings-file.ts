import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parseFlags } from "../../../src/settings/flags.ts";
import { loadSettings } from "../../../src/settings/load.ts";
import type { AgentSettings } from "../../../src/settings/load.ts";

/** Command line and environment of the agent. */
interface Invocation {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Writes a settings file, and removes it after `use`. */
async function withSettingsFile<T>(content: string, use: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "settings-"));
  try {
    const file = join(folder, "config.json");
    await writeFile(file, content);
    return await use(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The settings from a file with this content. Warnings call the file FILE. */
export function settingsOf(
  content: string,
  { args = [], env = {} }: Invocation = {},
): Promise<AgentSettings> {
  return withSettingsFile(content, async (file) => {
    const flags = parseFlags(["--config", file, ...args]);
    const settings = await loadSettings({ flags, env });
    const warnings = settings.warnings.map((warning) => warning.replaceAll(file, "FILE"));
    return { ...settings, warnings };
  });
}

/** The complete error message for a file with this content, which it calls FILE. */
export function errorOf(
  content: string,
  { args = [], env = {} }: Invocation = {},
): Promise<string> {
  return withSettingsFile(content, async (file) => {
    const flags = parseFlags(["--config", file, ...args]);
    return loadSettings({ flags, env }).then(
      () => "no error",
      (error: unknown) =>
        (error instanceof Error ? error.message : String(error)).replaceAll(file, "FILE"),
    );
  });
}

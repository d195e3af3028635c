import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parseFlags } from "../../../src/settings/flags.ts";
import { loadSettings } from "../../../src/settings/load.ts";
import type { AgentSettings } from "../../../src/settings/load.ts";

/** What the agent is told beside the file. */
interface Told {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Writes a settings file that is there while it is used. */
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

/** What the agent makes of a file with this content; the file is called FILE in warnings. */
export function settingsOf(
  content: string,
  { args = [], env = {} }: Told = {},
): Promise<AgentSettings> {
  return withSettingsFile(content, async (file) => {
    const flags = parseFlags(["--config", file, ...args]);
    const settings = await loadSettings({ flags, env });
    const warnings = settings.warnings.map((warning) => warning.replaceAll(file, "FILE"));
    return { ...settings, warnings };
  });
}

/** The whole message that refuses a file with this content; the file is called FILE in it. */
export function refusalOf(content: string, { args = [], env = {} }: Told = {}): Promise<string> {
  return withSettingsFile(content, async (file) => {
    const flags = parseFlags(["--config", file, ...args]);
    return loadSettings({ flags, env }).then(
      () => "was taken",
      (error: unknown) =>
        (error instanceof Error ? error.message : String(error)).replaceAll(file, "FILE"),
    );
  });
}

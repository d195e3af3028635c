import { COMMANDS } from "../../src/settings/flags.ts";
import { EXAMPLES, GROUPS } from "../../src/settings/help.ts";
import { settingNames, SETTINGS, variableOf } from "../../src/settings/schema.ts";
import type { Setting } from "../../src/settings/schema.ts";
import { VERSION } from "../../instrumentation/embedding/version.ts";

export const MANUAL = new URL("../../restic-otel.1", import.meta.url);

const SIGNALS = [
  ["HUP", "Reloads the settings file. If it is invalid, the previous settings stay in effect."],
  ["USR1", "Starts a collection."],
  ["INT, TERM", "Stop the agent. Scrapes in progress are answered, for up to 4 seconds."],
] as const;
const EXITS = [
  ["0", "The agent was stopped, or the action succeeded."],
  ["1", "With --once, --check-config --open or suggest: a repository failed."],
  ["2", "A flag or a setting is invalid, or the address is in use."],
] as const;

/** The manual page, generated from the flags of --help and the table of settings. */
export function manual(): string {
  return [
    `.TH RESTIC-OTEL 1 "" "restic-otel ${VERSION}" "User Commands"`,
    ".SH NAME",
    `restic-otel \\- ${text("reports as metrics whether every restic backup is alive")}`,
    ".SH SYNOPSIS",
    ".B restic-otel",
    `[${COMMANDS.join("|")}] [flags]`,
    ".SH DESCRIPTION",
    text(
      "Reads restic repositories without locking or changing them, groups the snapshots into backup sets by host and user, and exports the number, newest time and age of each set to Prometheus or by OTLP.",
    ),
    ...GROUPS.map(group),
    ".SH FILE AND ENVIRONMENT",
    text(
      "Each setting is a key in the file and a variable. Precedence: default < file < variable < flag.",
    ),
    ...settingNames().flatMap((name) => {
      const { doc, default: initial }: Setting<unknown> = SETTINGS[name];
      const names = name === "config" ? variableOf(name) : `${name}, ${variableOf(name)}`;
      return item(names, initial === "" ? doc : `${doc} (${initial})`);
    }),
    ".SH SIGNALS",
    ...SIGNALS.flatMap(([signal, effect]) => item(signal, effect)),
    ".SH EXIT STATUS",
    ...EXITS.flatMap(([code, meaning]) => item(code, meaning)),
    ".SH EXAMPLES",
    EXAMPLES.map(example).join("\n.PP\n"),
    ".SH SEE ALSO",
    ".BR restic (1)",
    "",
  ].join("\n");
}

function group([title, rows]: (typeof GROUPS)[number]): string {
  const items = rows.flatMap(([flag, description]) => item(flag, description));
  return `.SH ${text(title.toUpperCase())}\n${items.join("\n")}`;
}

function item(tag: string, description: string): readonly string[] {
  return [".TP", `.B ${text(tag)}`, text(description)];
}

function example([purpose, command]: readonly [string, string]): string {
  const title = text(`${purpose[0]?.toUpperCase() ?? ""}${purpose.slice(1)}`);
  return [title, ".PP", ".nf", ".RS 4", text(command), ".RE", ".fi"].join("\n");
}

/** Escapes text for roff, so that it contains no command and its hyphens can be copied. */
function text(plain: string): string {
  return plain
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("'", "\\(aq")
    .replaceAll("…", "\\[u2026]")
    .replace(/^\./, "\\&.");
}

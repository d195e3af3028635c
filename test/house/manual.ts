import { EXAMPLES, GROUPS } from "../../src/settings/help.ts";
import { settingNames, SETTINGS, variableOf } from "../../src/settings/schema.ts";
import type { Setting } from "../../src/settings/schema.ts";
import { VERSION } from "../../instrumentation/embedding/version.ts";

export const MANUAL = new URL("../../restic-otel.1", import.meta.url);

const SIGNALS = [
  ["HUP", "reads the file again; a bad one is refused as a whole, and the old settings stay."],
  ["USR1", "collects now."],
  ["INT, TERM", "stop: scrapes that have arrived are answered, for up to 4 seconds."],
] as const;
const EXITS = [
  ["0", "It was stopped, or did what it was asked for."],
  ["1", "A repository failed under --once."],
  ["2", "The usage or the settings are wrong, or the address is in use."],
] as const;

/** The manual page, made of what --help and the README's table are made of. */
export function manual(): string {
  return [
    `.TH RESTIC-OTEL 1 "" "restic-otel ${VERSION}" "User Commands"`,
    ".SH NAME",
    `restic-otel \\- ${text("tells whether every restic backup is alive, as metrics")}`,
    ".SH SYNOPSIS",
    ".B restic-otel",
    "[flags]",
    ".SH DESCRIPTION",
    text(
      "Reads restic repositories, without a lock and without writing to them, groups their snapshots into backup sets by host and user, and serves their number, newest time and age to Prometheus or pushes them by OTLP.",
    ),
    ...GROUPS.map(group),
    ".SH THE FILE AND THE ENVIRONMENT",
    text("Each setting is a key of the file and a variable: default < file < variable < flag."),
    ...settingNames().flatMap((name) => {
      const { doc, default: initial }: Setting<unknown> = SETTINGS[name];
      const names = name === "config" ? variableOf(name) : `${name}, ${variableOf(name)}`;
      return item(names, initial === "" ? doc : `${doc} (${initial})`);
    }),
    ".SH SIGNALS",
    ...SIGNALS.flatMap(([signal, what]) => item(signal, what)),
    ".SH EXIT STATUS",
    ...EXITS.flatMap(([code, what]) => item(code, what)),
    ".SH EXAMPLES",
    EXAMPLES.map(example).join("\n.PP\n"),
    ".SH SEE ALSO",
    ".BR restic (1)",
    "",
  ].join("\n");
}

function group([title, rows]: (typeof GROUPS)[number]): string {
  const items = rows.flatMap(([flag, what]) => item(flag, what));
  return `.SH ${text(title.toUpperCase())}\n${items.join("\n")}`;
}

function item(tag: string, what: string): readonly string[] {
  return [".TP", `.B ${text(tag)}`, text(what)];
}

function example([what, command]: readonly [string, string]): string {
  const title = text(`${what[0]?.toUpperCase() ?? ""}${what.slice(1)}`);
  return [title, ".PP", ".nf", ".RS 4", text(command), ".RE", ".fi"].join("\n");
}

/** As text for roff: nothing in it is a command, and a hyphen can be copied. */
function text(plain: string): string {
  return plain
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("'", "\\(aq")
    .replaceAll("…", "\\[u2026]")
    .replace(/^\./, "\\&.");
}

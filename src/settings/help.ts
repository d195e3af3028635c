import { COMMANDS, OUTPUT_FORMATS, RULES_FORMATS, SHELLS } from "./flags.ts";
import { boolean, duration } from "./formats.ts";
import { flagOf, settingNames, SETTINGS, variableOf } from "./schema.ts";
import type { Setting, SettingName } from "./schema.ts";
import { wrap } from "./wrap.ts";

const WIDTH = 80;
const COLUMN = 24;

/** Placeholders of values; default: DURATION or VALUE, none for a switch. */
const VALUES: Readonly<Partial<Record<SettingName, string>>> = {
  bind: "ADDRESS",
  config: "FILE",
  cron: "RULE",
  inventory: "DURATION",
  locks: "DURATION",
  logFormat: "FORMAT",
  logLevel: "LEVEL",
  maxSnapshotSize: "SIZE",
  shard: "INDEX/TOTAL",
  stateDir: "FOLDER",
  telemetryPath: "PATH",
  timezone: "ZONE",
  webConfigFile: "FILE",
};

/** Groups of flags: title, and for each flag its description. */
export const GROUPS: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  [
    "Actions",
    [
      [
        COMMANDS[0],
        "read the repositories once, and print expectations that fit their past: a block expect: for the file",
      ],
      [COMMANDS[1], "print the alert rules that fit the settings, for Prometheus or its operator"],
      ["--once", "collect once, print the metrics, exit with 1 if a repository failed"],
      [
        "--format FORMAT",
        `output of --once: ${OUTPUT_FORMATS.join(", or ")} of backup sets for people; of rules: ${RULES_FORMATS.join(", or ")} for the operator (${OUTPUT_FORMATS[0]})`,
      ],
      [
        "--runbook-url URL",
        "with rules: the page that describes the alerts, such as docs/alerting.md as you publish it",
      ],
      ["--check-config", "check the settings and all secrets, print the problems and exit"],
      [
        "--open",
        "with --check-config: also open each repository (password, config and keys; no snapshot is read), exit with 1 if one fails",
      ],
      [
        "--healthcheck",
        "query the agent that runs with these settings, exit with 0 if it is alive",
      ],
      [
        "--completion SHELL",
        `print the completion of the flags for a shell, and exit: ${SHELLS.join(", ")}`,
      ],
      ["-h, -v, --help, --version", "print this help or the version, and exit"],
    ],
  ],
  [
    "Settings",
    [
      flag("config"),
      ...settingNames()
        .filter((name) => name !== "config")
        .map(flag),
    ],
  ],
  [
    "Compatibility with restic-reporter",
    [
      ["--no-vault", "do not use HashiCorp Vault, even if VAULT_ADDR is set"],
      ["--no-discover-vault", "accepted and ignored: Vault is never discovered"],
    ],
  ],
];

/** Purpose and command. */
export const EXAMPLES: readonly (readonly [string, string])[] = [
  [
    "collect one repository once, from restic's own variables",
    "RESTIC_REPOSITORY=/srv/repo RESTIC_PASSWORD_FILE=pw restic-otel --once",
  ],
  [
    "collect all repositories of a file every hour",
    'restic-otel --config /etc/restic-otel.yaml --cron "0 * * * *"',
  ],
  [
    "check the file and every secret, and open every repository",
    "restic-otel --config /etc/restic-otel.yaml --check-config --open",
  ],
  ["print the alert rules that fit the file", "restic-otel --config /etc/restic-otel.yaml rules"],
];

function valueOf(name: SettingName): string {
  const { format }: Setting<unknown> = SETTINGS[name];
  if (format === boolean) return "";
  return VALUES[name] ?? (format === duration ? "DURATION" : "VALUE");
}

/** As in Go, a switch that is on by default is turned off by `=false`. */
function flag(name: SettingName): readonly [string, string] {
  const { alias, doc, default: initial }: Setting<unknown> = SETTINGS[name];
  const value = valueOf(name);
  const argument = value === "" ? (initial === "true" ? "=false" : "") : ` ${value}`;
  const effect = argument === "=false" ? `do not ${doc}` : doc;
  const suffix = value === "" || initial === "" ? "" : ` (${initial})`;
  const also = alias === undefined ? "" : `; also --${alias}`;
  return [`--${flagOf(name)}${argument}`, `${effect}${also}${suffix}`];
}

/** The output of `--help`, at most 80 columns wide. */
export function helpText(): string {
  const groups = GROUPS.map(
    ([title, rows]) => `${title}:\n${rows.map(([left, right]) => row(left, right)).join("")}`,
  );
  const examples = EXAMPLES.map(([purpose, command]) => `  # ${purpose}\n  ${command}\n`);
  return `restic-otel: reports as metrics whether every restic backup is alive.

Usage: restic-otel [${COMMANDS.join("|")}] [flags]

${groups.join("\n")}
Each setting is also a key in the file and a variable, such as
${variableOf("cron")}. Precedence: default < file < variable < flag.
SIGHUP reloads the file, SIGUSR1 starts a collection.

Examples:
${examples.join("")}`;
}

function row(left: string, right: string): string {
  const lines = [...wrap(right, WIDTH - COLUMN)];
  // The description of a long flag starts on the next line.
  if (left.length + 2 >= COLUMN) lines.unshift("");
  return lines
    .map((line, index) => `${(index === 0 ? `  ${left}` : "").padEnd(COLUMN - 1)} ${line}`)
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

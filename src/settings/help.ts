import { SETTINGS, variableOf } from "./schema.ts";
import type { Setting, SettingName } from "./schema.ts";

const WIDTH = 80;
const COLUMN = 24;

/** Flags and what they do, by title. */
export const GROUPS: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  [
    "What to do",
    [
      ["--once", "collect once, print the metrics and end: 1 if a repository failed"],
      ["--check-config", "say what is wrong with settings and secrets, and end"],
      ["--healthcheck", "ask the agent that runs with these settings: 0 if it is alive"],
      ["--help, --version", "print this, or the version, and end"],
    ],
  ],
  [
    "Settings",
    [
      flag("config", "FILE"),
      flag("cron", "RULE"),
      flag("bind", "ADDRESS"),
      flag("webConfigFile", "FILE"),
      flag("enableLifecycle"),
      flag("shard", "INDEX/TOTAL"),
      flag("logLevel", "LEVEL"),
      flag("logFormat", "FORMAT"),
    ],
  ],
  [
    "Of restic-reporter",
    [
      ["--no-vault", "do not use HashiCorp Vault, even if VAULT_ADDR is set"],
      ["--no-discover-vault", "accepted: Vault is never looked for"],
    ],
  ],
];

/** What for, and the command. */
export const EXAMPLES: readonly (readonly [string, string])[] = [
  [
    "one repository, from restic's own environment, once",
    "RESTIC_REPOSITORY=/srv/repo RESTIC_PASSWORD_FILE=pw restic-otel --once",
  ],
  [
    "all repositories of a file, each hour",
    'restic-otel --config /etc/restic-otel.yaml --cron "0 * * * *"',
  ],
  [
    "is the file right, and is every secret there?",
    "restic-otel --config /etc/restic-otel.yaml --check-config",
  ],
];

function flag(name: SettingName, value = ""): readonly [string, string] {
  const { flag: written = "", doc, default: initial }: Setting<unknown> = SETTINGS[name];
  const takes = value === "" ? "" : ` ${value}`;
  const shown = value === "" || initial === "" ? "" : ` (${initial})`;
  return [`--${written}${takes}`, `${doc}${shown}`];
}

/** What `--help` prints, at most 80 columns wide. */
export function helpText(): string {
  const groups = GROUPS.map(
    ([title, rows]) => `${title}:\n${rows.map(([left, right]) => row(left, right)).join("")}`,
  );
  const examples = EXAMPLES.map(([what, command]) => `  # ${what}\n  ${command}\n`);
  return `restic-otel: tells whether every restic backup is alive, as metrics.

Usage: restic-otel [flags]

${groups.join("\n")}
Each setting is also a key of the file and a variable, ${variableOf("cron")} and so
on: default < file < variable < flag. SIGHUP reads the file again, SIGUSR1
collects now.

Examples:
${examples.join("")}`;
}

function row(left: string, right: string): string {
  const lines = [""];
  for (const word of right.split(" ")) {
    const last = lines.at(-1) ?? "";
    if (last.length + 1 + word.length > WIDTH - COLUMN) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  // A long flag has a line of its own.
  if (left.length + 2 >= COLUMN) lines.unshift("");
  return lines
    .map((line, index) => `${(index === 0 ? `  ${left}` : "").padEnd(COLUMN - 1)} ${line}`)
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

import { AgentError, isPrintable, nearest, shownValue } from "restic-otel-instrumentation/internal";

import { boolean } from "./formats.ts";
import { flagOf, settingNames, SETTINGS } from "./schema.ts";
import type { Setting, SettingName } from "./schema.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** The parsed command line. */
export interface Flags {
  readonly help: boolean;
  readonly version: boolean;
  readonly once: boolean;
  /** Format of the output of `once` or of the command `rules`. */
  readonly format: OutputFormat | RulesFormat;
  readonly checkConfig: boolean;
  /** With `checkConfig`: open each repository. */
  readonly open: boolean;
  readonly healthcheck: boolean;
  readonly command: Command | undefined;
  /** For the command `rules`: the page that describes the alerts. */
  readonly runbookUrl: string | undefined;
  /** Print the completion script for this shell. */
  readonly completion: Shell | undefined;
  /** false: `--no-vault` is given. */
  readonly vault: boolean;
  /** Unparsed values by the name of the setting. */
  readonly values: Readonly<Partial<Record<SettingName, string>>>;
}

/** The first one is the default. */
export const OUTPUT_FORMATS = ["prometheus", "table"] as const;
type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** Formats of the command `rules`. The first one is the default. */
export const RULES_FORMATS = ["prometheus", "prometheusrule"] as const;
export type RulesFormat = (typeof RULES_FORMATS)[number];

const SWITCHES = [
  "help",
  "version",
  "once",
  "check-config",
  "open",
  "healthcheck",
  "no-vault",
  "no-discover-vault",
] as const;
type Switch = (typeof SWITCHES)[number];

/** Flags that a command cannot be combined with. */
const ACTIONS = ["once", "check-config", "healthcheck"] as const satisfies readonly Switch[];

/** Words without dashes. */
export const COMMANDS = ["suggest", "rules"] as const;
type Command = (typeof COMMANDS)[number];

const SHORT: Readonly<Record<string, Switch>> = { h: "help", v: "version" };

const VALUE_FLAGS: ReadonlyMap<string, SettingName> = new Map(
  settingNames().flatMap((name) => {
    const { alias }: Setting<unknown> = SETTINGS[name];
    const flags = alias === undefined ? [flagOf(name)] : [flagOf(name), alias];
    return flags.map((flag) => [flag, name] as const);
  }),
);

/** The values of flags that set nothing. */
export const CHOICES: Readonly<Record<string, readonly string[]>> = {
  format: [...new Set([...OUTPUT_FORMATS, ...RULES_FORMATS])],
  completion: SHELLS,
};

const RUNBOOK_URL = "runbook-url";
/** Flags with a free value that set nothing. */
export const TEXT_FLAGS: readonly string[] = [RUNBOOK_URL];

/** All flags, without dashes. */
export const FLAGS: readonly string[] = [
  ...SWITCHES,
  ...Object.keys(CHOICES),
  ...TEXT_FLAGS,
  ...VALUE_FLAGS.keys(),
];

/** The setting of a flag; undefined: the flag sets none. */
export function settingOf(flag: string): SettingName | undefined {
  return VALUE_FLAGS.get(flag);
}

function isSwitch(name: string): name is Switch {
  return SWITCHES.some((one) => one === name);
}

/**
 * Accepts `--x y`, `--x=y` and, like Go programs, both with one dash.
 * @throws AgentError `config` for an unknown flag, a missing value or an unexpected one
 */
export function parseFlags(argv: readonly string[]): Flags {
  const values: Partial<Record<SettingName, string>> = {};
  const switches = new Set<Switch>();
  let format: string | undefined;
  let completion: Shell | undefined;
  let runbookUrl: string | undefined;
  let command: Command | undefined;
  const rest = [...argv];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    const position = argv.length - rest.length;
    const [, name, given] = /^--?([a-zA-Z][\w.-]*)(?:=(.*))?$/s.exec(argument) ?? [];
    if (name === undefined) {
      const word = COMMANDS.find((one) => one === argument);
      if (word === undefined) throw unknownWord(argument, position);
      if (command !== undefined && command !== word)
        throw usage(`${command} and ${word}: use one of the two`);
      command = word;
      continue;
    }
    const take = (): string => {
      const value = given ?? rest.shift();
      if (value === undefined) throw usage(`--${name} needs a value`);
      return value;
    };
    const setting = settingOf(name);
    if (setting !== undefined) {
      const { format: kind }: Setting<unknown> = SETTINGS[setting];
      // As in Go, a boolean flag takes its value only after an equals sign.
      const value = kind === boolean ? (given ?? "true") : take();
      // A repeated flag replaces the value before, or is appended if the setting is a list.
      const before = kind.repeatable ? values[setting] : undefined;
      values[setting] = before === undefined ? value : `${before},${value}`;
    } else if (name === "format") {
      format = take();
    } else if (name === RUNBOOK_URL) {
      runbookUrl = webAddress(name, take());
    } else if (name === "completion") {
      completion = choice(name, SHELLS, take());
    } else if (name in SHORT || isSwitch(name)) {
      if (given !== undefined && given !== "true" && given !== "false")
        throw usage(`--${name} takes no value`);
      if (given !== "false") switches.add(isSwitch(name) ? name : (SHORT[name] ?? "help"));
    } else {
      // Another text may be a secret behind a dash too many.
      const shown = isPrintable(name, FLAGS) ? `--${name}` : `in argument ${position}`;
      const near = nearest(name, FLAGS);
      throw usage(`unknown flag ${shown}${near === undefined ? "" : `, did you mean --${near}?`}`);
    }
  }
  const action = ACTIONS.find((one) => switches.has(one));
  if (command !== undefined && action !== undefined)
    throw usage(`${command} and --${action}: use one of the two`);
  if (switches.has("open") && !switches.has("check-config"))
    throw usage("--open is only for --check-config: add it");
  if (runbookUrl !== undefined && command !== "rules")
    throw usage(`--${RUNBOOK_URL} is only for the command rules: add it`);
  return {
    help: switches.has("help"),
    version: switches.has("version"),
    once: switches.has("once"),
    format: formatOf(format, command, switches.has("once")),
    checkConfig: switches.has("check-config"),
    open: switches.has("open"),
    healthcheck: switches.has("healthcheck"),
    command,
    runbookUrl,
    completion,
    vault: !switches.has("no-vault"),
    values,
  };
}

/** @throws AgentError `config` if the action has no such format */
function formatOf(
  given: string | undefined,
  command: Command | undefined,
  isOnce: boolean,
): Flags["format"] {
  if (given === undefined) return OUTPUT_FORMATS[0];
  if (command === "rules") return choice("format", RULES_FORMATS, given);
  if (isOnce) return choice("format", OUTPUT_FORMATS, given);
  choice("format", CHOICES["format"] ?? [], given);
  throw usage("--format is only for --once and the command rules: add one of them");
}

/** The value is not repeated: it may contain a login. */
function webAddress(name: string, value: string): string {
  const { protocol = "", hash = "" } = URL.parse(value) ?? {};
  if (!/^https?:$/.test(protocol) || hash !== "")
    throw usage(`--${name}: must be an http or https URL without a fragment`);
  return value;
}

/** Another text may be a secret without its flag. */
function unknownWord(word: string, position: number): AgentError {
  const near = nearest(word, COMMANDS);
  if (near === undefined)
    return usage(
      `argument ${position} is unexpected: use flags, or the command ${COMMANDS.join(" or ")}`,
    );
  const shown = isPrintable(word, COMMANDS) ? word : `in argument ${position}`;
  return usage(`unknown command ${shown}, did you mean ${near}?`);
}

function choice<T extends string>(name: string, choices: readonly T[], value: string): T {
  const found = choices.find((one) => one === value);
  if (found !== undefined) return found;
  const shown = shownValue(value);
  const not = shown === undefined ? "" : `, not ${shown}`;
  throw usage(`--${name}: must be one of ${choices.join(", ")}${not}`);
}

function usage(problem: string): AgentError {
  return new AgentError("config", `${problem}; restic-otel --help lists the flags`);
}

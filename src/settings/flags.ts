import { AgentError, isPrintable, nearest } from "restic-otel-instrumentation/internal";

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
  /** Format of the output of `once`. */
  readonly format: OutputFormat;
  readonly checkConfig: boolean;
  /** With `checkConfig`: open each repository. */
  readonly open: boolean;
  readonly healthcheck: boolean;
  /** The command `suggest`. */
  readonly suggest: boolean;
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

/** Flags that the command cannot be combined with. */
const ACTIONS = ["once", "check-config", "healthcheck"] as const satisfies readonly Switch[];

/** Words without dashes. */
export const COMMANDS = ["suggest"] as const;

const SHORT: Readonly<Record<string, Switch>> = { h: "help", v: "version" };

const VALUE_FLAGS: ReadonlyMap<string, SettingName> = new Map(
  settingNames().flatMap((name) => {
    const { alias }: Setting<unknown> = SETTINGS[name];
    return [flagOf(name), alias].flatMap((one) =>
      one === undefined ? [] : [[one, name] as const],
    );
  }),
);

/** The values of flags that set nothing. */
export const CHOICES: Readonly<Record<string, readonly string[]>> = {
  format: OUTPUT_FORMATS,
  completion: SHELLS,
};

/** All flags, without dashes. */
export const FLAGS: readonly string[] = [
  ...SWITCHES,
  ...Object.keys(CHOICES),
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
  let format: OutputFormat | undefined;
  let completion: Shell | undefined;
  let suggest = false;
  const rest = [...argv];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    const position = argv.length - rest.length;
    const [, name, given] = /^--?([a-zA-Z][\w.-]*)(?:=(.*))?$/s.exec(argument) ?? [];
    if (name === undefined) {
      if (argument !== COMMANDS[0]) throw unknownWord(argument, position);
      suggest = true;
      continue;
    }
    const setting = settingOf(name);
    if (setting !== undefined) {
      const value = given ?? (isBoolean(setting) ? "true" : rest.shift());
      if (value === undefined) throw usage(`--${name} needs a value`);
      values[setting] = joined(setting, values[setting], value);
    } else if (name === "format") {
      format = choice(name, OUTPUT_FORMATS, given ?? rest.shift());
    } else if (name === "completion") {
      completion = choice(name, SHELLS, given ?? rest.shift());
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
  if (suggest && action !== undefined) throw usage(`suggest and --${action}: use one of the two`);
  if (switches.has("open") && !switches.has("check-config"))
    throw usage("--open is only for --check-config: add it");
  if (format !== undefined && !switches.has("once"))
    throw usage("--format is only for --once: add it");
  return {
    help: switches.has("help"),
    version: switches.has("version"),
    once: switches.has("once"),
    format: format ?? OUTPUT_FORMATS[0],
    checkConfig: switches.has("check-config"),
    open: switches.has("open"),
    healthcheck: switches.has("healthcheck"),
    suggest,
    completion,
    vault: !switches.has("no-vault"),
    values,
  };
}

/** Another text may be a secret without its flag. */
function unknownWord(word: string, position: number): AgentError {
  const near = nearest(word, COMMANDS);
  if (near === undefined)
    return usage(`argument ${position} is unexpected: use flags, or the command ${COMMANDS[0]}`);
  const shown = isPrintable(word, COMMANDS) ? word : `in argument ${position}`;
  return usage(`unknown command ${shown}, did you mean ${near}?`);
}

function choice<T extends string>(
  name: string,
  choices: readonly T[],
  value: string | undefined,
): T {
  if (value === undefined) throw usage(`--${name} needs a value`);
  const found = choices.find((one) => one === value);
  if (found === undefined)
    throw usage(`--${name}: must be one of ${choices.join(", ")}, not "${value}"`);
  return found;
}

/** As in Go, a boolean flag takes its value only after an equals sign. */
function isBoolean(name: SettingName): boolean {
  const { format }: Setting<unknown> = SETTINGS[name];
  return format === boolean;
}

/** A repeated flag replaces the value before, or is appended if the setting is a list. */
function joined(name: SettingName, before: string | undefined, value: string): string {
  const { format }: Setting<unknown> = SETTINGS[name];
  return before !== undefined && format.repeatable ? `${before},${value}` : value;
}

function usage(problem: string): AgentError {
  return new AgentError("config", `${problem}; restic-otel --help lists the flags`);
}

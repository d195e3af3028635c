import { AgentError, nearest } from "restic-otel-instrumentation/internal";

import { boolean } from "./formats.ts";
import { settingNames, SETTINGS } from "./schema.ts";
import type { Setting, SettingName } from "./schema.ts";

/** The parsed command line. */
export interface Flags {
  readonly help: boolean;
  readonly version: boolean;
  readonly once: boolean;
  /** Of the output of `once`. */
  readonly format: OutputFormat;
  readonly checkConfig: boolean;
  /** With `checkConfig`: open each repository. */
  readonly open: boolean;
  readonly healthcheck: boolean;
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

const SHORT: Readonly<Record<string, Switch>> = { h: "help", v: "version" };

const VALUE_FLAGS: ReadonlyMap<string, SettingName> = new Map(
  settingNames().flatMap((name) => {
    const { flag, alias }: Setting<unknown> = SETTINGS[name];
    return [flag, alias].flatMap((one) => (one === undefined ? [] : [[one, name] as const]));
  }),
);

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
  const rest = [...argv];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    const [, name, given] = /^--?([a-zA-Z][\w.-]*)(?:=(.*))?$/s.exec(argument) ?? [];
    if (name === undefined) throw usage(`unexpected argument "${argument}": use flags only`);
    const setting = VALUE_FLAGS.get(name);
    if (setting !== undefined) {
      const value = given ?? (isBoolean(setting) ? "true" : rest.shift());
      if (value === undefined) throw usage(`--${name} needs a value`);
      values[setting] = joined(setting, values[setting], value);
    } else if (name === "format") {
      format = outputFormat(given ?? rest.shift());
    } else if (name in SHORT || isSwitch(name)) {
      if (given !== undefined && given !== "true" && given !== "false")
        throw usage(`--${name} takes no value`);
      if (given !== "false") switches.add(isSwitch(name) ? name : (SHORT[name] ?? "help"));
    } else {
      const near = nearest(name, [...SWITCHES, "format", ...VALUE_FLAGS.keys()]);
      throw usage(`unknown flag --${name}${near === undefined ? "" : `, did you mean --${near}?`}`);
    }
  }
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
    vault: !switches.has("no-vault"),
    values,
  };
}

function outputFormat(value: string | undefined): OutputFormat {
  if (value === undefined) throw usage("--format needs a value");
  const found = OUTPUT_FORMATS.find((one) => one === value);
  if (found === undefined)
    throw usage(`--format: must be one of ${OUTPUT_FORMATS.join(", ")}, not "${value}"`);
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

import { AgentError, nearest } from "restic-otel-instrumentation/internal";

import { boolean } from "./formats.ts";
import { settingNames, SETTINGS } from "./schema.ts";
import type { Setting, SettingName } from "./schema.ts";

/** The command line, taken apart. */
export interface Flags {
  readonly help: boolean;
  readonly version: boolean;
  readonly once: boolean;
  readonly checkConfig: boolean;
  readonly healthcheck: boolean;
  /** False with `--no-vault`. */
  readonly vault: boolean;
  /** Settings as they were written. */
  readonly values: Readonly<Partial<Record<SettingName, string>>>;
}

const SWITCHES = [
  "help",
  "version",
  "once",
  "check-config",
  "healthcheck",
  "no-vault",
  "no-discover-vault",
] as const;
type Switch = (typeof SWITCHES)[number];

const VALUE_FLAGS: ReadonlyMap<string, SettingName> = new Map(
  settingNames().flatMap((name) => {
    const { flag }: Setting<unknown> = SETTINGS[name];
    return flag === undefined ? [] : [[flag, name] as const];
  }),
);

function isSwitch(name: string): name is Switch {
  return SWITCHES.some((one) => one === name);
}

/**
 * Reads `--x y`, `--x=y` and, for users of Go programs, the same with one dash.
 * @throws AgentError `config` for a flag that is not known, or has no value or one too many
 */
export function parseFlags(argv: readonly string[]): Flags {
  const values: Partial<Record<SettingName, string>> = {};
  const switches = new Set<Switch>();
  const rest = [...argv];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    const [, name, given] = /^--?([a-zA-Z][\w.-]*)(?:=(.*))?$/s.exec(argument) ?? [];
    if (name === undefined) throw usage(`"${argument}" is no flag: there are only flags`);
    const setting = VALUE_FLAGS.get(name);
    if (setting !== undefined) {
      const value = given ?? (isYesOrNo(setting) ? "true" : rest.shift());
      if (value === undefined) throw usage(`--${name} needs a value`);
      values[setting] = joined(setting, values[setting], value);
    } else if (name === "h" || isSwitch(name)) {
      if (given !== undefined && given !== "true" && given !== "false")
        throw usage(`--${name} takes no value`);
      if (given !== "false") switches.add(name === "h" ? "help" : name);
    } else {
      const near = nearest(name, [...SWITCHES, ...VALUE_FLAGS.keys()]);
      throw usage(`unknown flag --${name}${near === undefined ? "" : `, did you mean --${near}?`}`);
    }
  }
  return {
    help: switches.has("help"),
    version: switches.has("version"),
    once: switches.has("once"),
    checkConfig: switches.has("check-config"),
    healthcheck: switches.has("healthcheck"),
    vault: !switches.has("no-vault"),
    values,
  };
}

/** As in Go, such a flag takes its value only behind an equals sign. */
function isYesOrNo(name: SettingName): boolean {
  const { format }: Setting<unknown> = SETTINGS[name];
  return format === boolean;
}

/** The last one counts, but for a list. */
function joined(name: SettingName, before: string | undefined, value: string): string {
  const { format }: Setting<unknown> = SETTINGS[name];
  return before !== undefined && format.repeatable ? `${before},${value}` : value;
}

function usage(problem: string): AgentError {
  return new AgentError("config", `${problem}; restic-otel --help lists the flags`);
}

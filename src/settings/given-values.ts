import convict from "convict";
import { isVariableName, nearest } from "restic-otel-instrumentation/internal";

import type { FileSettings } from "./file.ts";
import type { Flags } from "./flags.ts";
import { problemOf } from "./formats.ts";
import { flagOf, PREFIX, settingNames, SETTINGS, variableOf } from "./schema.ts";
import type { Setting, SettingName, SettingValue } from "./schema.ts";

/** The process environment. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Warnings, not problems: Kubernetes injects such variables for a Service called restic-otel. */
export function unknownVariables(env: Environment): readonly string[] {
  const known = settingNames().map((name) => variableOf(name).slice(PREFIX.length));
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name.slice(PREFIX.length)))
    .map((name) => {
      const near = nearest(name.slice(PREFIX.length), known);
      const shown = isVariableName(name) ? name : `${PREFIX}…`;
      return `unknown variable ${shown}${near === undefined ? "" : `, did you mean ${PREFIX}${near}?`}`;
    });
}

export function checkVariables(env: Environment): readonly string[] {
  return settingNames().flatMap((name) => check(name, env[variableOf(name)], variableOf(name)));
}

export function checkFlags({ values }: Flags): readonly string[] {
  return settingNames().flatMap((name) => check(name, values[name], `--${flagOf(name)}`));
}

export function check(
  name: SettingName,
  value: string | undefined,
  where: string,
): readonly string[] {
  const message = value === undefined ? undefined : problemOf(SETTINGS[name].format, value);
  return message === undefined ? [] : [`${where}: ${message}`];
}

/** Returns a getter. Precedence: default < file < variable < flag. All values are checked before. */
export function merge(
  values: FileSettings["values"],
  env: Environment,
  flags: Flags,
): <N extends SettingName>(name: N) => SettingValue<N> {
  const schema = Object.fromEntries(
    settingNames().map((name) => {
      const { default: initial, doc, format }: Setting<unknown> = SETTINGS[name];
      return [
        name,
        {
          default: initial,
          doc,
          env: variableOf(name),
          format: (value: unknown) => throwProblem(format.check(value)),
        },
      ];
    }),
  );
  const config = convict<Record<string, unknown>>(schema, { env: { ...env }, args: [] });
  config.load(values);
  for (const [name, value] of Object.entries(flags.values)) config.set(name, value);
  config.validate({ allowed: "strict" });
  const settings: { readonly [N in SettingName]: Setting<SettingValue<N>> } = SETTINGS;
  return (name) => settings[name].format.parse(config.get(name));
}

function throwProblem(problem: string | undefined): void {
  if (problem !== undefined) throw new Error(problem);
}

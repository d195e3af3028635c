import { nearest } from "restic-otel-instrumentation/internal";

import { PREFIX, settingNames, variableOf } from "./schema.ts";

/** Warnings, not problems: Kubernetes injects such variables for a Service called restic-otel. */
export function unknownVariables(
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const known = settingNames().map((name) => variableOf(name).slice(PREFIX.length));
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name.slice(PREFIX.length)))
    .map((name) => {
      const near = nearest(name.slice(PREFIX.length), known);
      return `unknown variable ${name}${near === undefined ? "" : `, did you mean ${PREFIX}${near}?`}`;
    });
}

import { expect, test } from "vitest";

import { settingsOf } from "../support/agent/settings-file.ts";

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318" };

async function warningsOf(env: Readonly<Record<string, string>>): Promise<readonly string[]> {
  return (await settingsOf("repositories: []\n", { env })).warnings;
}

test.for([
  ["a=1,b=%2C , ", true],
  ["", true],
  ["a", false],
  ["a=1=2", false],
  ["=1", false],
  ["a=%", false],
] as const)(
  "invalid OTEL_RESOURCE_ATTRIBUTES cause a warning if there is an endpoint: %o",
  async ([text, valid]) => {
    const env = { ...ENDPOINT, OTEL_RESOURCE_ATTRIBUTES: text };
    const warned = (await warningsOf(env)).filter((line) => line.includes("ATTRIBUTES"));
    expect(warned).toHaveLength(valid ? 0 : 1);
    const warnings = await warningsOf({ OTEL_RESOURCE_ATTRIBUTES: text });
    expect(warnings.join()).not.toContain("ATTRIBUTES");
  },
);

test.for([
  [{}, []],
  [{ OTEL_LOGS_EXPORTER: "none", OTEL_TRACES_EXPORTER: "" }, []],
  [
    { OTEL_LOGS_EXPORTER: "otlp", OTEL_TRACES_EXPORTER: "none" },
    ["OTEL_LOGS_EXPORTER is ignored: the agent exports metrics only"],
  ],
  [
    { OTEL_LOGS_EXPORTER: "console", OTEL_TRACES_EXPORTER: "otlp" },
    ["OTEL_LOGS_EXPORTER and OTEL_TRACES_EXPORTER are ignored: the agent exports metrics only"],
  ],
] as const)("exporters of other signals cause one warning: %o", async ([env, expected]) => {
  for (const more of [{}, ENDPOINT]) {
    const warnings = await warningsOf({ ...env, ...more });
    expect(warnings.filter((line) => line.includes("EXPORTER"))).toEqual(expected);
  }
});

import { readFile } from "node:fs/promises";

import { expect, test } from "vitest";

import { generated } from "./docs.ts";
import { dashboardFiles } from "./dashboards/dashboard-files.ts";
import { ruleFiles } from "./rule-files.ts";
import { SCHEMA, settingsSchemaFile } from "./settings-schema.ts";
import { scaleReadme } from "./scale-costs.ts";

test("the tables of the documentation are those of the code; npm run docs writes them", async () => {
  for (const { actual, expected } of await generated()) expect(actual).toBe(expected);
});

test("the arithmetic of examples/scale uses the measured figures; npm run docs writes it", async () => {
  const { actual, expected } = await scaleReadme();
  expect(actual).toBe(expected);
});

test("the JSON Schema of the settings is that of the code; npm run docs writes it", async () => {
  expect(await readFile(SCHEMA, "utf8")).toBe(settingsSchemaFile());
});

test("rules and dashboards are those of the tables; npm run docs writes them", async () => {
  const files = [...ruleFiles(), ...dashboardFiles()];
  expect(files).toHaveLength(5);
  for (const { url, expected } of files) expect(await readFile(url, "utf8")).toBe(expected);
});

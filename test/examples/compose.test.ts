import { access, readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";
import { parse } from "yaml";

import { settingsOf } from "../support/agent/settings-file.ts";

const EXAMPLES = join(import.meta.dirname, "../../examples");
const COMPOSE = join(EXAMPLES, "compose");

interface Service {
  readonly image?: string;
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly volumes?: readonly string[];
}

async function services(): Promise<Readonly<Record<string, Service>>> {
  return parse(await readFile(join(COMPOSE, "compose.yaml"), "utf8")).services;
}

test("compose.yaml refers only to existing files and services", async () => {
  const all = await services();
  for (const { volumes = [], depends_on: dependencies = {} } of Object.values(all)) {
    for (const name of Object.keys(dependencies)) expect(Object.keys(all)).toContain(name);
    for (const [path = ""] of volumes.map((volume) => volume.split(":")))
      if (path.startsWith(".")) await access(join(COMPOSE, path));
  }
});

test("every image of compose.yaml has a version", async () => {
  const images = Object.values(await services()).map(({ image = "" }) => image);
  expect(images.filter((image) => !/:v?\d+\.\d+/.test(image))).toEqual(["restic-otel"]);
});

test("the agent accepts the settings of the compose example", async () => {
  const text = await readFile(join(COMPOSE, "config.yaml"), "utf8");
  const settings = await settingsOf(text);
  expect(settings.monitor.repositories.map(({ url }) => url)).toEqual([
    "rest:http://rest-server:8000/web",
    "rest:http://rest-server:8000/database",
    "rest:http://rest-server:8000/nas",
  ]);
  expect(settings.warnings).toEqual([]);
});

test("the Helm chart carries the rules of examples/prometheus", async () => {
  const [chart, rules] = await Promise.all(
    ["helm/restic-otel/files/alerts.yml", "prometheus/alerts.yml"].map((file) =>
      readFile(join(EXAMPLES, file), "utf8"),
    ),
  );
  expect(chart).toBe(rules);
});

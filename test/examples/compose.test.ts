import { spawnSync } from "node:child_process";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, test } from "vitest";
import { parse } from "yaml";

import { parseFlags } from "../../src/settings/flags.ts";
import { at, textAt } from "../support/agent/manifest.ts";
import { requirePeer } from "../support/agent/peers.ts";
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

const loader = requirePeer("compose") ?? "";

describe.skipIf(loader === "")("the loader of docker compose", () => {
  test("accepts compose.yaml, with the command line of the agent and files that exist", async () => {
    const { status, stdout } = spawnSync(loader, [join(COMPOSE, "compose.yaml")], {
      encoding: "utf8",
    });
    expect([status, status === 0 ? "" : stdout]).toEqual([0, ""]);
    const project: unknown = JSON.parse(stdout);
    const agent = at(project, "services", "restic-otel");
    const command = at(agent, "command");
    const { values } = parseFlags(Array.isArray(command) ? command.map(String) : []);
    expect(values).toEqual({ config: "/etc/restic-otel/config.yaml" });
    expect(at(agent, "volumes", 0, "target")).toBe(values.config);
    const sources = Object.values(Object(at(project, "services"))).flatMap((service) => {
      const volumes = at(service, "volumes");
      return Array.isArray(volumes) ? volumes : [];
    });
    const paths = sources.filter((volume) => at(volume, "type") === "bind");
    expect(paths.length).toBeGreaterThan(3);
    for (const volume of paths) await access(textAt(volume, "source"));
  });
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

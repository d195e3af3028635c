import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { ALL_METRICS, prometheusName } from "./docs.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Names that look like metrics of the agent and are not. */
const OTHERS = new Set(["backup_start", "backup_end", "restic_otel"]);

test("every metric that documents, examples and rules name exists", async () => {
  const examples = await readdir(join(ROOT, "examples"), { recursive: true });
  const pages = await readdir(join(ROOT, "docs"));
  const files = [
    "README.md",
    ...pages.filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`),
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "otel-collector.yaml",
    "test/peers/telemetry/alerts.yml",
    "test/peers/telemetry/alerts-of-days.yml",
    "test/peers/telemetry/expectations.yml",
    "test/peers/scale/pairs.yml",
    "test/peers/scale/pairs-expectations.yml",
    ...examples
      .filter((name) => /\.(md|ya?ml|json|m?[jt]s|env)$/.test(name))
      .map((name) => `examples/${name}`),
  ];
  const known = new Set(ALL_METRICS.flatMap((metric) => [metric.name, prometheusName(metric)]));
  const wrong: string[] = [];
  for (const file of files) {
    const text = await readFile(join(ROOT, file), "utf8");
    const names = [
      // The series of one of a pair of agents begin with replica_.
      ...text.matchAll(/(?<=\b|\breplica_)(?:backup|restic_otel|process)_[a-z_]+[a-z]\b(?!\/)/g),
      ...text.matchAll(/\b(?:backup|restic_otel)\.[a-z][a-z_.]+[a-z]\b/g),
    ];
    for (const [name] of names) {
      if (!known.has(name) && !OTHERS.has(name)) wrong.push(`${file}: ${name}`);
    }
  }
  expect(known.size).toBeGreaterThan(25);
  expect(wrong).toEqual([]);
});

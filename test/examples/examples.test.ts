import { execFile } from "node:child_process";
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, test } from "vitest";

import { parseFlags } from "../../src/settings/flags.ts";
import { loadSettings } from "../../src/settings/load.ts";
import { installed, main, NODE } from "../support/agent/installed.ts";
import { Samples } from "../support/agent/samples.ts";

const ROOT = join(import.meta.dirname, "../..");
const run = promisify(execFile);

/** Runs an agent with `--once`, and parses its output. */
async function once(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Samples> {
  const { stdout } = await run(NODE, [program, ...args, "--once"], {
    cwd: ROOT,
    env: { PATH: process.env["PATH"], ...env },
  });
  return new Samples(stdout);
}

const ENVIRONMENT = "examples/environment/restic-otel.env";

test("the environment example collects one repository without a settings file", async () => {
  const lines = (await readFile(join(ROOT, ENVIRONMENT), "utf8")).split("\n");
  const env = Object.fromEntries(
    lines.filter((line) => /^[A-Z]/.test(line)).map((line) => line.split(/=(.*)/s).slice(0, 2)),
  );
  const samples = await once(main(), [], env);
  expect(samples.value("backup_repository_up")).toBe(1);
});

test("the Collector example pushes to the Collector, and does not listen", async () => {
  const file = join(ROOT, "examples/collector/config.yaml");
  const { stdout } = await run(NODE, [main(), "--config", file, "--check-config"], {
    cwd: ROOT,
    env: { PATH: process.env["PATH"] },
  });
  expect(stdout).toBe(
    "ok: 1 repository, 0 disabled; no repository was opened: add --open for that\n",
  );
  const settings = await loadSettings({ flags: parseFlags(["--config", file]), env: {} });
  expect(settings.bind).toEqual([]);
  expect(settings.otlp.map(({ url }) => url)).toEqual(["http://localhost:4318/v1/metrics"]);
  expect(settings.otlpIntervalMs).toBe(60_000);
});

test("the own-source example collects directory trees beside repositories", async () => {
  const fixtures = "test/fixtures/tls";
  const program = join(installed(), "own-source");
  await cp(join(ROOT, "examples/own-source"), program, { recursive: true });
  const samples = await once(join(program, "main.ts"), [], {
    RESTIC_REPOSITORY: "examples/repositories/web",
    RESTIC_PASSWORD: "web-password",
    TREE_PATHS: `${fixtures}:/nowhere`,
  });
  expect(samples.value("tree_files", { path: fixtures })).toBeGreaterThan(1);
  expect(samples.value("tree_newest_file_timestamp_seconds", { path: fixtures })).toBeGreaterThan(
    1.7e9,
  );
  expect(samples.value("tree_up", { path: "/nowhere" })).toBe(0);
  expect(samples.value("backup_repository_up")).toBe(1);
  expect(samples.value("backup_job_error_count")).toBe(0);
});

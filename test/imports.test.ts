import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, onTestFinished, test } from "vitest";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "..");

interface Loaded {
  readonly stdout: string;
  /** Our own modules. */
  readonly files: number;
  /** Of others, by name. */
  readonly packages: readonly string[];
}

/** What the agent loads for a command line. */
async function loadedBy(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Loaded> {
  const folder = await mkdtemp(join(tmpdir(), "imports-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const list = join(folder, "loaded.txt");
  const hook = join(folder, "hook.mjs");
  await writeFile(
    hook,
    `import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";
registerHooks({
  load(url, context, next) {
    appendFileSync(${JSON.stringify(list)}, url + "\\n");
    return next(url, context);
  },
});
`,
  );
  const program = ["--import", hook, "--conditions=source", join(ROOT, "src/main.ts")];
  const { stdout } = await run(process.execPath, [...program, ...args], {
    cwd: ROOT,
    env: { PATH: process.env["PATH"], ...env },
  });
  const urls = [...new Set((await readFile(list, "utf8")).split("\n"))];
  const packages = urls.flatMap(
    (url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? [],
  );
  return {
    stdout,
    files: urls.filter((url) => /^file:.*\.ts$/.test(url) && !url.includes("/node_modules/"))
      .length,
    packages: [...new Set(packages)].toSorted((a, b) => (a < b ? -1 : 1)),
  };
}

test("--version loads two modules and no package", async () => {
  const { stdout, files, packages } = await loadedBy(["--version"]);
  expect(stdout).toMatch(/^restic-otel \d+\.\d+\.\d+ \(/);
  expect([files, packages]).toEqual([2, []]);
});

test("a collection of a local repository loads no HTTP client, no client of Vault and no exporter of OTLP", async () => {
  const { stdout, packages } = await loadedBy(["--once"], {
    RESTIC_REPOSITORY: "examples/repositories/web",
    RESTIC_PASSWORD: "web-password",
  });
  expect(stdout).toContain("backup_days_age{");
  expect(packages).toMatchInlineSnapshot(`
    [
      "@noble/ciphers",
      "@opentelemetry/api",
      "@opentelemetry/core",
      "@opentelemetry/exporter-prometheus",
      "@opentelemetry/resources",
      "@opentelemetry/sdk-metrics",
      "@opentelemetry/semantic-conventions",
      "convict",
      "croner",
      "lodash.clonedeep",
      "yaml",
      "yargs-parser",
    ]
  `);
});

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, onTestFinished, test } from "vitest";

import { main, NODE } from "../support/agent/installed.ts";
import { ROOT } from "../support/agent/packed.ts";

const run = promisify(execFile);

interface Loaded {
  readonly stdout: string;
  /** The number of modules, including those of packages. */
  readonly files: number;
  /** The names of the packages of others. */
  readonly packages: readonly string[];
  /** The modules and packages that are loaded before the first key derivation. */
  readonly before: Pick<Loaded, "files" | "packages"> | undefined;
}

const DERIVATION = "a key is derived";

/** Runs the agent and lists the modules that it loads. */
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
import crypto from "node:crypto";
import { registerHooks, syncBuiltinESMExports } from "node:module";
const { scrypt } = crypto;
crypto.scrypt = (...rest) => {
  // The client inside Node.js counts as well.
  if (process.moduleLoadList.some((name) => name.includes("undici/undici")))
    appendFileSync(${JSON.stringify(list)}, "/node_modules/undici/\\n");
  appendFileSync(${JSON.stringify(list)}, ${JSON.stringify(`${DERIVATION}\n`)});
  return scrypt(...rest);
};
syncBuiltinESMExports();
registerHooks({
  load(url, context, next) {
    appendFileSync(${JSON.stringify(list)}, url + "\\n");
    return next(url, context);
  },
});
`,
  );
  const { stdout } = await run(NODE, ["--import", hook, main(), ...args], {
    cwd: ROOT,
    env: { PATH: process.env["PATH"], ...env },
  });
  const urls = [...new Set((await readFile(list, "utf8")).split("\n"))];
  const derivation = urls.indexOf(DERIVATION);
  return {
    stdout,
    ...sorted(urls),
    before: derivation === -1 ? undefined : sorted(urls.slice(0, derivation)),
  };
}

function sorted(urls: readonly string[]): Pick<Loaded, "files" | "packages"> {
  const packages = urls.flatMap(
    (url) => /.*\/node_modules\/(?!restic-otel)((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? [],
  );
  return {
    files: urls.filter((url) => url.startsWith("file:")).length,
    packages: [...new Set(packages)].toSorted((a, b) => (a < b ? -1 : 1)),
  };
}

test("--version loads two modules and no package", async () => {
  const { stdout, files, packages } = await loadedBy(["--version"]);
  expect(stdout).toMatch(/^restic-otel \d+\.\d+\.\d+ \(/);
  expect([files, packages]).toEqual([2, []]);
});

test("a collection of a local repository loads the SDK, but no HTTP client and no client of Vault", async () => {
  const { stdout, packages } = await loadedBy(["--once"], {
    RESTIC_REPOSITORY: "examples/repositories/web",
    RESTIC_PASSWORD: "web-password",
  });
  expect(stdout).toContain("backup_days_age{");
  expect(packages).toContain("@opentelemetry/sdk-metrics");
  for (const name of ["undici", "node-vault", "axios"]) expect(packages).not.toContain(name);
});

test("the first key derivation waits for no SDK, no YAML and no HTTP client", async () => {
  const { before } = await loadedBy(["--once"], {
    RESTIC_REPOSITORY: "examples/repositories/web",
    RESTIC_PASSWORD: "web-password",
  });
  const packages = before?.packages ?? [];
  expect(packages).toContain("convict");
  expect(packages.filter((name) => /^@opentelemetry|^yaml$|^undici$/.test(name))).toEqual([]);
  // Each module adds about half a millisecond to the start.
  expect(before?.files).toBeLessThan(200);
});

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, onTestFinished, test } from "vitest";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "../..");

interface Loaded {
  readonly stdout: string;
  /** Modules, those of packages too. */
  readonly files: number;
  /** Of others, by name. */
  readonly packages: readonly string[];
  /** The same, of what the first key derivation waits for. */
  readonly before: Pick<Loaded, "files" | "packages"> | undefined;
}

const DERIVATION = "a key is derived";

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
import crypto from "node:crypto";
import { registerHooks, syncBuiltinESMExports } from "node:module";
const { scrypt } = crypto;
crypto.scrypt = (...rest) => {
  // That which Node.js has inside counts as well.
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
  const program = ["--import", hook, "--conditions=source", join(ROOT, "src/main.ts")];
  const { stdout } = await run(process.execPath, [...program, ...args], {
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
    (url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? [],
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

test("a collection of a local repository, and its exposition, load no HTTP client, no client of Vault and no SDK", async () => {
  const { stdout, packages } = await loadedBy(["--once"], {
    RESTIC_REPOSITORY: "examples/repositories/web",
    RESTIC_PASSWORD: "web-password",
  });
  expect(stdout).toContain("backup_days_age{");
  expect(packages).toMatchInlineSnapshot(`
    [
      "convict",
      "croner",
      "lodash.clonedeep",
      "yargs-parser",
    ]
  `);
});

test("the first key derivation waits for no SDK, no YAML and no page", async () => {
  const { before } = await loadedBy(["--once"], {
    RESTIC_REPOSITORY: "examples/repositories/web",
    RESTIC_PASSWORD: "web-password",
  });
  expect(before?.packages).toEqual(["convict", "croner", "lodash.clonedeep", "yargs-parser"]);
  // A module costs half a millisecond.
  expect(before?.files).toBeLessThan(175);
});

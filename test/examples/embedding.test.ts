import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { installed, NODE } from "../support/agent/installed.ts";
import { output, ROOT } from "../support/agent/packed.ts";

const EXAMPLE = "examples/embedding/by-hand.mjs";

/** Copies a file of the repository into a folder that has the installed packages, and gives its path. */
async function copied(file: string): Promise<string> {
  const copy = join(installed(), file);
  await cp(join(ROOT, file), copy);
  return copy;
}

test("the embedding example prints metrics as it is", async () => {
  const printed = await output(NODE, [await copied(EXAMPLE)], ROOT, {
    PATH: process.env["PATH"],
    RESTIC_REPOSITORY: "examples/repositories/web",
    RESTIC_PASSWORD: "web-password",
  });
  expect(printed).toContain("1 repositories, 0 failed");
  expect(printed).toMatch(/name: 'backup\.days_age'[^]*dataPoints: \[\n\s+\{/);
});

test.for(["docs/embedding.md", "instrumentation/README.md"])(
  "%s shows the embedding example word for word",
  async (file) => {
    const page = await readFile(join(ROOT, file), "utf8");
    const [, program] = /```js\n(import [^]*?)```/.exec(page) ?? [];
    expect(program).toBe(await readFile(join(ROOT, EXAMPLE), "utf8"));
  },
);

test("the types compile in an application without @types/node", async () => {
  const folder = join(installed(), "types");
  await mkdir(folder);
  await writeFile(
    join(folder, "app.mts"),
    `import { ResticInstrumentation } from "restic-otel-instrumentation";
     import type * as Types from "restic-otel-instrumentation";
     export const restic = new ResticInstrumentation({ repositories: [{ repo: "/a", password: "p" }] });
     export const state: readonly Types.StoreEntry<Types.RepositoryState>[] = restic.state();`,
  );
  const compilerOptions = {
    target: "es2024",
    module: "nodenext",
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    types: [],
    noEmit: true,
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  expect(await output(process.execPath, [compiler, "--project", "."], folder)).toBe("");
});

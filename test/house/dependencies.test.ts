import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, object>>;
}

async function manifest(path: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(ROOT, path), "utf8"));
}

test("CONTRIBUTING has a row for each production dependency and each optional peer", async () => {
  const [, section = ""] =
    /^## Dependencies$([^]*?)^## /m.exec(await readFile(join(ROOT, "CONTRIBUTING.md"), "utf8")) ??
    [];
  const rows = [...section.matchAll(/^\| (`.*?) \|/gm)].map(([, cell = ""]) => cell);
  const named = rows.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
  const agent = await manifest("package.json");
  const instrumentation = await manifest("instrumentation/package.json");
  expect(new Set(named)).toEqual(
    new Set([
      ...Object.keys(agent.dependencies),
      ...Object.keys(instrumentation.dependencies),
      ...Object.keys(instrumentation.peerDependenciesMeta ?? {}),
    ]),
  );
});

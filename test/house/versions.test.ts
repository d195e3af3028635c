import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

function read(file: string): Promise<string> {
  return readFile(join(ROOT, file), "utf8");
}

test("every place that repeats the version has that of package.json", async () => {
  const { version }: { readonly version: string } = JSON.parse(await read("package.json"));
  const places = [
    ["package.json", `"restic-otel-instrumentation": "${version}"`],
    ["package-lock.json", `"version": "${version}"`],
    ["instrumentation/package.json", `"version": "${version}"`],
    ["instrumentation/embedding/version.ts", `VERSION = "${version}"`],
    ["restic-otel.1", `"restic-otel ${version}"`],
    ["examples/helm/restic-otel/Chart.yaml", `\nversion: ${version}\nappVersion: ${version}\n`],
    ["CHANGELOG.md", version],
  ] as const;
  for (const [file, text] of places)
    expect([file, await read(file)]).toEqual([file, expect.stringContaining(text)]);
});

test("every image of restic-otel in the examples has the version of package.json", async () => {
  const { version }: { readonly version: string } = JSON.parse(await read("package.json"));
  const files = (await readdir(join(ROOT, "examples"), { recursive: true })).filter((file) =>
    /\.(?:ya?ml|service|env)$/.test(file),
  );
  const images = await Promise.all(
    files.map(async (file) =>
      [...(await read(`examples/${file}`)).matchAll(/image: restic-otel:(\S+)/g)].map(
        ([, tag]) => tag,
      ),
    ),
  );
  expect(images.flat().length).toBeGreaterThan(2);
  expect(new Set(images.flat())).toEqual(new Set([version]));
});

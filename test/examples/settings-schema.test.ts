import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { expect, test } from "vitest";
import { parse } from "yaml";

import { isValidSettings, SCHEMA_FILE } from "../support/agent/settings-schema.ts";

const ROOT = join(import.meta.dirname, "../..");

test("every settings file of the examples names the schema, which accepts it", async () => {
  const files = await readdir(join(ROOT, "examples"), { recursive: true });
  const names: string[] = [];
  for (const file of files.filter((name) => name.endsWith(".yaml"))) {
    const path = join(ROOT, "examples", file);
    const text = await readFile(path, "utf8");
    if (!/^repositories:/m.test(text)) continue;
    names.push(file);
    const [, schema = ""] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? [];
    expect([file, resolve(path, "..", schema)]).toEqual([file, SCHEMA_FILE]);
    expect([file, isValidSettings(text)]).toEqual([file, true]);
  }
  expect(names.toSorted()).toEqual([
    "collector/config.yaml",
    "compose/config.yaml",
    "vault/approle.yaml",
    "vault/kubernetes.yaml",
  ]);
});

test("the schema accepts every settings file of the pages", async () => {
  const pages = (await readdir(join(ROOT, "docs"))).filter((name) => name.endsWith(".md"));
  let count = 0;
  for (const page of ["../README.md", ...pages]) {
    const text = await readFile(join(ROOT, "docs", page), "utf8");
    for (const [, code = ""] of text.matchAll(/```yaml\n([^]*?)```/g)) {
      const value: unknown = parse(code);
      if (!Object.keys(Object(value)).includes("repositories")) continue;
      count += 1;
      expect([page, code, isValidSettings(code)]).toEqual([page, code, true]);
    }
  }
  expect(count).toBeGreaterThan(2);
});

test("the package contains the schema", async () => {
  const { files }: { readonly files: readonly string[] } = JSON.parse(
    await readFile(join(ROOT, "package.json"), "utf8"),
  );
  expect(files.map((file) => join(ROOT, file))).toContain(SCHEMA_FILE);
});

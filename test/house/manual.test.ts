import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { describe, expect, test } from "vitest";

import { GROUPS } from "../../src/settings/help.ts";
import { requireManual } from "../support/agent/peers.ts";
import { MANUAL, manual } from "./manual.ts";

test("the manual page is that of the code: npm run docs writes it", async () => {
  expect(await readFile(MANUAL, "utf8")).toBe(manual());
});

const PAGE = fileURLToPath(MANUAL);
const RENDERERS = [
  ["man", "-l", "--warnings=w", PAGE],
  ["mandoc", "-Tlint", "-W", "warning", PAGE],
  ["mandoc", "-Tutf8", PAGE],
] as const;

describe.skipIf(!requireManual())("nothing is wrong with it", () => {
  test.for(RENDERERS)("%s %s", ([program, ...args]) => {
    const env = { ...process.env, MANWIDTH: "80", LC_ALL: "C.UTF-8" };
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", env });
    if (args[0] === "-Tlint") {
      // It says when it was changed in git, not in itself.
      const found = stdout.split("\n").filter((line) => line && !line.includes("missing date"));
      return expect([found, stderr]).toEqual([[], ""]);
    }
    expect([status, stderr]).toEqual([0, ""]);
    // A letter over itself is a bold one.
    const plain = stdout
      .split("\b")
      .map((part, index, parts) => (index < parts.length - 1 ? part.slice(0, -1) : part));
    for (const [flag = ""] of GROUPS.flatMap(([, rows]) => rows))
      expect(plain.join("")).toContain(flag.split(" ")[0]);
  });
});

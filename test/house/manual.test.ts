import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { describe, expect, test } from "vitest";

import { GROUPS } from "../../src/settings/help.ts";
import { requireManual } from "../support/agent/peers.ts";
import { MANUAL, manual } from "./manual.ts";

test("the manual page is up to date: npm run docs generates it", async () => {
  expect(await readFile(MANUAL, "utf8")).toBe(manual());
});

const PAGE = fileURLToPath(MANUAL);
const RENDERERS = [
  ["man", "-l", "--warnings=w", PAGE],
  ["mandoc", "-Tlint", "-W", "warning", PAGE],
  ["mandoc", "-Tutf8", PAGE],
] as const;

describe.skipIf(!requireManual())("the manual page renders without warnings", () => {
  test.for(RENDERERS)("%s %s", ([program, ...args]) => {
    const env = { ...process.env, MANWIDTH: "80", LC_ALL: "C.UTF-8" };
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", env });
    if (args[0] === "-Tlint") {
      // The page has no date: git has it.
      const found = stdout.split("\n").filter((line) => line && !line.includes("missing date"));
      return expect([found, stderr]).toEqual([[], ""]);
    }
    expect([status, stderr]).toEqual([0, ""]);
    // Bold: a letter, a backspace, the same letter.
    const plain = stdout
      .split("\b")
      .map((part, index, parts) => (index < parts.length - 1 ? part.slice(0, -1) : part));
    for (const [flag = ""] of GROUPS.flatMap(([, rows]) => rows))
      expect(plain.join("")).toContain(flag.split(" ")[0]);
  });
});

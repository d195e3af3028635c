import { createSecretKey, randomBytes } from "node:crypto";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { seal } from "../../instrumentation/restic/state-dir/line.ts";
import {
  head as headOf,
  readJournal,
} from "../../instrumentation/restic/state-dir/read-journal.ts";
import { SettingsDocument } from "../../src/settings/document.ts";
import { ANSWERS } from "./targets/answers.ts";
import { REPOSITORY } from "./targets/repository.ts";
import { STATE } from "./targets/state.ts";
import { TEXTS } from "./targets/texts.ts";
import type { Target } from "./target.ts";
import { inputOf, LETTERS, microseconds } from "./worst-letters.ts";

const KIB = 1024;
/** The clock of the CPU is too coarse for less. A quadratic parser takes seconds at 64 KiB. */
const FLOOR = 5000;

/** On a machine with other work a measurement is too long more often than not: the least of many counts. */
const RUNS = 20;

/** 64 for a quadratic parser. */
async function ratioOf(target: Target, short: Buffer, long: Buffer): Promise<number> {
  let small = Infinity;
  let large = Infinity;
  for (let run = 0; run < RUNS; run++) {
    small = Math.min(small, await microseconds(target, short));
    large = Math.min(large, await microseconds(target, long));
    if (large <= 16 * Math.max(small, FLOOR)) break;
  }
  return large / Math.max(small, FLOOR);
}

test.for([...ANSWERS, ...REPOSITORY, ...STATE, ...TEXTS])(
  "$name: eight times as many of the worst letters take at most 16 times as long",
  async (target) => {
    const slow: Record<string, number> = {};
    for (const head of target.heads ?? [""])
      for (const letters of LETTERS) {
        const measured = await ratioOf(
          target,
          inputOf(head, letters, 64 * KIB),
          inputOf(head, letters, 512 * KIB),
        );
        if (measured > 16) slow[`${head} and ${letters}`] = measured;
      }
    expect(slow).toEqual({});
  },
);

test("a mapping with eight times as many keys takes at most 16 times as long", async () => {
  const keys = (count: number): Buffer =>
    Buffer.from(Array.from({ length: count }, (_, index) => `k${index}:\n`).join(""));
  const target: Target = {
    name: "mappings",
    seeds: [],
    take: (input) => new SettingsDocument("file", input.toString()),
  };
  expect(await ratioOf(target, keys(4000), keys(32_000))).toBeLessThan(16);
});

test("a line of a state file that is eight times as long takes at most 16 times as long", async () => {
  const folder = await mkdtemp(join(tmpdir(), "linear-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const key = createSecretKey(randomBytes(32));
  const target: Target = {
    name: "state files",
    seeds: [],
    async take(input) {
      await writeFile(join(folder, "state"), [seal(headOf(2, "id"), key), input]);
      const file = await open(join(folder, "state"));
      try {
        expect(await readJournal(file, "id", key)).toMatchObject({ records: undefined });
      } finally {
        await file.close();
      }
    },
  };
  expect(await ratioOf(target, Buffer.alloc(4096 * KIB), Buffer.alloc(32_768 * KIB))).toBeLessThan(
    16,
  );
});

import { expect, test } from "vitest";

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

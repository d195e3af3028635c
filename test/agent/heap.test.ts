import { execFileSync } from "node:child_process";

import { expect, test } from "vitest";

/** What the young generation holds in a process where 64 MB survive for some time, `each` pieces of them in one go. */
function youngBytes(before: string, each = 50_000): number {
  const script = `
    import { setImmediate as turn } from "node:timers/promises";
    import { getHeapSpaceStatistics } from "node:v8";
    import { keepHeapSmall } from "./src/heap.ts";
    ${before}
    const kept = [];
    for (let index = 0; index < 200_000; index++) {
      kept.push(Array.from({ length: 40 }, (_, at) => at + 0.5));
      if (index % ${each} === 0) await turn();
    }
    const young = getHeapSpaceStatistics().find((space) => space.space_name === "new_space");
    process.stdout.write(String(young.space_used_size + young.space_available_size));`;
  return Number(
    execFileSync(process.execPath, ["--input-type=module", "--eval", script], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    }),
  );
}

test("what survives for a while does not make the young generation grow for good", () => {
  expect(youngBytes("")).toBeGreaterThan(2 ** 22);
  const kept = youngBytes("keepHeapSmall();");
  expect(kept).toBeLessThanOrEqual(2 ** 22);
  expect(kept).toBeGreaterThan(2 ** 21);
});

test("a rest makes it small, and afterwards it grows again, no further than before", () => {
  const rest = `
    keepHeapSmall();
    const { setFlagsFromString } = await import("node:v8");
    const { runInNewContext } = await import("node:vm");
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc");
    const { setTimeout: delay } = await import("node:timers/promises");
    const size = () => {
      const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
      return space.space_used_size + space.space_available_size;
    };
    while (size() > 2 ** 21) {
      await delay(500);
      collectGarbage();
    }`;
  const again = youngBytes(rest, 1000);
  expect(again).toBeLessThanOrEqual(2 ** 22);
  expect(again).toBeGreaterThan(2 ** 21);
});

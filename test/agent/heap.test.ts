import { execFileSync } from "node:child_process";

import { expect, test } from "vitest";

/** What the young generation holds in a process where 64 MB survive for some time, a part of them in one go. */
function youngBytes(before: string): number {
  const script = `
    import { setImmediate as turn } from "node:timers/promises";
    import { getHeapSpaceStatistics } from "node:v8";
    import { keepHeapSmall } from "./src/heap.ts";
    ${before}
    const kept = [];
    for (let index = 0; index < 200_000; index++) {
      kept.push(Array.from({ length: 40 }, (_, at) => at + 0.5));
      if (index % 50_000 === 0) await turn();
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
  expect(youngBytes("keepHeapSmall();")).toBeLessThanOrEqual(2 ** 22);
});

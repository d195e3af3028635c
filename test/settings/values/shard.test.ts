import { expect, test } from "vitest";

import { readShard, shardOf } from "../../../src/settings/shard.ts";

const URLS = Array.from(
  { length: 2000 },
  (_, index) => `rest:https://backup.example.com/host-${index}`,
);

test.for([1, 2, 5, 16])(
  "%i shards divide the repositories evenly, each has exactly one shard",
  (total) => {
    const counts = Array.from({ length: total }, () => 0);
    for (const url of URLS) {
      const index = shardOf(url, total);
      expect(Number.isInteger(index) && index >= 0 && index < total).toBe(true);
      expect(shardOf(url, total)).toBe(index);
      counts[index] = (counts[index] ?? 0) + 1;
    }
    const fair = URLS.length / total;
    for (const count of counts) expect(Math.abs(count - fair)).toBeLessThan(6 * Math.sqrt(fair));
  },
);

test("an additional shard takes its share, and no repository moves between the other shards", () => {
  for (const total of [1, 4, 9]) {
    const moved = URLS.filter((url) => shardOf(url, total) !== shardOf(url, total + 1));
    expect(moved.every((url) => shardOf(url, total + 1) === total)).toBe(true);
    expect(moved.length / URLS.length).toBeCloseTo(1 / (total + 1), 1);
  }
});

test("the shard of a repository is the same in every version of the agent", () => {
  expect(URLS.slice(0, 8).map((url) => shardOf(url, 5))).toMatchInlineSnapshot(`
    [
      4,
      1,
      4,
      3,
      3,
      4,
      0,
      3,
    ]
  `);
});

test.for<readonly [unknown, string, unknown]>([
  ["2/5", "h", { index: 2, total: 5 }],
  ["0/1", "h", { index: 0, total: 1 }],
  [{ index: 4, total: 5 }, "h", { index: 4, total: 5 }],
  ["auto/5", "restic-otel-3", { index: 3, total: 5 }],
  ["auto/50", "restic-otel-12.restic-otel.backup.svc", { index: 12, total: 50 }],
])("%j on the host %s is a shard", ([written, host, expected]) => {
  expect(readShard(written, host)).toEqual(expected);
});

test.for<readonly [unknown, string, string]>([
  ["5/5", "h", "the shard index must be from 0 to 4, not 5"],
  ["auto/3", "pod-3", "the shard index must be from 0 to 2, not 3"],
  [
    "auto/3",
    "pod",
    'auto needs a host name that ends in a number, such as the name of a StatefulSet pod, not "pod"',
  ],
  ["0/0", "h", "the number of shards must be from 1 to 10000, not 0"],
  ["1", "h", 'must be like "2/5" (the third of five), "auto/5" or {index: 2, total: 5}'],
  ["-1/5", "h", 'must be like "2/5" (the third of five), "auto/5" or {index: 2, total: 5}'],
  [2, "h", 'must be like "2/5" (the third of five), "auto/5" or {index: 2, total: 5}'],
  [null, "h", 'must be like "2/5" (the third of five), "auto/5" or {index: 2, total: 5}'],
  [{ index: 1 }, "h", 'must be like "2/5" (the third of five), "auto/5" or {index: 2, total: 5}'],
  [
    { index: 1, total: 5, x: 1 },
    "h",
    'must be like "2/5" (the third of five), "auto/5" or {index: 2, total: 5}',
  ],
  [
    { index: 1.5, total: 5 },
    "h",
    'must be like "2/5" (the third of five), "auto/5" or {index: 2, total: 5}',
  ],
])("%j on the host %s is rejected", ([written, host, problem]) => {
  expect(readShard(written, host)).toBe(problem);
});

import { expect, test } from "vitest";

import { decodeSummary } from "../../../instrumentation/restic/repository/summary.ts";
import vectors from "../vectors.json" with { type: "json" };

const TIMES = { backup_start: "2024-01-02T03:04:05Z", backup_end: "2024-01-02T03:04:06.5Z" };

const COUNTERS = [
  ["files", "total_files_processed"],
  ["processedBytes", "total_bytes_processed"],
  ["addedBytes", "data_added"],
  ["addedStoredBytes", "data_added_packed"],
  ["filesNew", "files_new"],
  ["filesChanged", "files_changed"],
  ["filesUnmodified", "files_unmodified"],
  ["dirsNew", "dirs_new"],
  ["dirsChanged", "dirs_changed"],
  ["dirsUnmodified", "dirs_unmodified"],
  ["dataBlobs", "data_blobs"],
  ["treeBlobs", "tree_blobs"],
  ["errorCount", "error_count"],
] as const;

test("a snapshot of restic 0.18 has a summary", () => {
  const { summary } = JSON.parse(vectors.v2.snapshot_json);
  expect(decodeSummary(summary)).toEqual({
    durationSeconds: 2.998797644,
    files: 1,
    processedBytes: 5,
    addedBytes: 305,
    addedStoredBytes: 341,
    backupStart: 1_795_430_367,
    filesNew: 1,
    filesChanged: 0,
    filesUnmodified: 0,
    dirsNew: 0,
    dirsChanged: 0,
    dirsUnmodified: 0,
    dataBlobs: 1,
    treeBlobs: 1,
  });
});

test("a snapshot of restic 0.14 has no summary", () => {
  const { summary } = JSON.parse(vectors.v1.snapshot_json);
  expect(decodeSummary(summary)).toBeUndefined();
});

test("a summary that `restic rewrite` made up has only sizes", () => {
  const zero = "0001-01-01T00:00:00Z";
  const made = Object.fromEntries(COUNTERS.map(([, field]) => [field, 0]));
  const sizes = { total_files_processed: 3, total_bytes_processed: 9 };
  expect(decodeSummary({ ...made, ...sizes, backup_start: zero, backup_end: zero })).toEqual({
    files: 3,
    processedBytes: 9,
  });
});

test.for(COUNTERS)(
  "%s is a whole number from 0 to 2^53 - 1, else it is left out",
  ([name, field]) => {
    for (const value of [0, 7, 2 ** 53 - 1])
      expect(decodeSummary({ ...TIMES, [field]: value })?.[name]).toBe(value);
    for (const value of [-1, 1.5, 1e30, 2 ** 53, "7", null, [7], {}, true])
      expect(decodeSummary({ ...TIMES, [field]: value })).toHaveProperty(name, undefined);
  },
);

test.for<readonly [string, object, object]>([
  [
    "an end before the start is left out",
    { backup_start: TIMES.backup_end, backup_end: TIMES.backup_start },
    { backupStart: 1_704_164_646 },
  ],
  [
    "an end more than a year after the start is left out",
    { backup_start: TIMES.backup_start, backup_end: "9999-01-02T03:04:05Z" },
    { backupStart: 1_704_164_645 },
  ],
  ["times that are no times are left out", { backup_start: "yesterday", backup_end: 5 }, {}],
  [
    "a start in the year 1 is left out",
    { backup_start: "0001-01-01T00:00:00Z", backup_end: TIMES.backup_end },
    {},
  ],
])("%s, and so is the duration", ([, times, left]) => {
  expect(decodeSummary(times)).toEqual(left);
});

test.for([undefined, null, 5, "x", []])("%j is no summary", (value) => {
  expect(decodeSummary(value)).toBeUndefined();
});

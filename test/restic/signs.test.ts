import { describe, expect, test } from "vitest";

import { isBackdated } from "../../instrumentation/restic/backdated.ts";
import type { AllowsTime, Dating } from "../../instrumentation/restic/backdated.ts";
import { backupSets, regrouped } from "../../instrumentation/restic/backup-sets.ts";
import { backupSetMetrics } from "../../instrumentation/restic/metrics/tables.ts";
import type { FirstSeen, Snapshot } from "../../instrumentation/restic/repository/snapshot.ts";
import { idOf } from "../support/repository/snapshot-id.ts";
import { snapshotOf } from "../support/repository/snapshot-of.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");
const HOUR = 3_600_000;

interface Shot {
  /** Hours before NOW. */
  readonly age: number;
  /** Hours from the start of the backup to the time of the snapshot. Default: 0. */
  readonly shift?: number;
  readonly files?: number;
  /** Default: the same. */
  readonly summary?: object | null;
  readonly paths?: readonly string[];
  readonly firstSeen?: FirstSeen;
  readonly original?: string;
}

const iso = (ms: number): string => new Date(ms).toISOString();

function snapshot({
  age,
  shift = 0,
  files = 1,
  paths = ["/a"],
  firstSeen,
  ...rest
}: Shot): Snapshot {
  const time = NOW - age * HOUR;
  const start = time - shift * HOUR;
  const summary = {
    backup_start: iso(start),
    backup_end: iso(start + files * 1000),
    files_new: files + 1,
    files_changed: files + 2,
    files_unmodified: files + 3,
    data_added: files * 100,
    total_files_processed: files,
    total_bytes_processed: files * 10,
  };
  const json = { time: iso(time), hostname: "web", username: "root", paths, summary, ...rest };
  const id = idOf(JSON.stringify([json, age]));
  return { ...snapshotOf(id, JSON.stringify(json)), firstSeen };
}

/** The signs of the set of these snapshots, without the prefix `backup.`. */
function signs(shots: readonly Shot[], dating?: Dating): Readonly<Record<string, number>> {
  const sets = backupSets("/r", shots.map(snapshot), [], { dating, now: NOW });
  return Object.fromEntries(
    backupSetMetrics(false)
      .filter(({ name }) => /files_|recent|backdated/.test(name))
      .flatMap((metric) =>
        sets.flatMap((set) =>
          [...metric.points(set, NOW)].map(
            ([value]) => [metric.name.replace("backup.", ""), value] as const,
          ),
        ),
      ),
  );
}

/** The median of the files, and how many snapshots are backdated. */
function median(shots: readonly Shot[]): readonly [number | undefined, number | undefined] {
  const { "recent_median.files": files, backdated_snapshots: backdated } = signs(shots);
  return [files, backdated];
}

test("the newest snapshot shows its files, and the five before it their medians", () => {
  const files = [100, 7, 3, 9, 5, 1, 1000];
  expect(signs(files.map((count, index) => ({ age: index + 1, files: count })))).toEqual({
    "last.files_new": 101,
    "last.files_changed": 102,
    "last.files_unmodified": 103,
    "recent_median.files": 5,
    "recent_median.processed_bytes": 50,
    "recent_median.added_bytes": 500,
    "recent_median.duration_seconds": 5,
    backdated_snapshots: 0,
  });
});

describe("the median", () => {
  const four = [1, 2, 3, 4].map((age) => ({ age, files: age }));

  test("of an even number is the mean of the middle two", () => {
    expect(median([...four, { age: 5, files: 8 }])).toEqual([3.5, 0]);
  });

  test("is absent below three snapshots before the newest", () => {
    expect(median(four)).toEqual([3, 0]);
    expect(median(four.slice(1))).toEqual([undefined, 0]);
  });

  test("counts snapshots with the paths of the newest alone, in any order", () => {
    const mine = four.map((shot, index) => ({
      ...shot,
      paths: index % 2 ? ["/b", "/a"] : ["/a", "/b"],
    }));
    const others = [1.5, 2.5, 3.5].map((age) => ({ age, files: 500 }));
    expect(median([...mine, ...others])).toEqual([3, 0]);
  });

  test("leaves out snapshots without a summary", () => {
    expect(median([...four, { age: 1.5, summary: null }])).toEqual([3, 0]);
    const bare = four.map((shot) => (shot.age > 3 ? { ...shot, summary: null } : shot));
    expect(median(bare)).toEqual([undefined, 0]);
  });

  test("leaves out backdated snapshots", () => {
    expect(median([...four, { age: 1.5, files: 500, shift: -3 }])).toEqual([3, 1]);
    const two = four.map((shot) => (shot.age > 3 ? { ...shot, shift: -3 } : shot));
    expect(median(two)).toEqual([undefined, 1]);
  });

  test("leaves out snapshots that are dated in the future", () => {
    const future = [-10_000, -20_000].map((age) => ({ age, files: 500 }));
    expect(median([...four, ...future])).toEqual([2.5, 0]);
    expect(median([...four.slice(2), ...future])).toEqual([undefined, 0]);
  });
});

test("a set is made again when the settings allow another time, for some of its snapshots", () => {
  const [moved, other] = [
    snapshot({ age: 40, shift: -39, paths: ["/zfs"] }),
    snapshot({ age: 41, shift: -39, paths: ["/home"] }),
  ];
  const allowsTime: AllowsTime = (host) =>
    host === "web" ? ({ details }) => details?.paths?.includes("/zfs") === true : undefined;
  const nameOf = (host: string): string => host;
  const content = {
    config: { id: "1", version: 2 },
    sets: backupSets("/r", [moved, other]),
    snapshots: 2,
    unreadable: 0,
    refused: 0,
  } as const;
  expect(content.sets[0]?.backdated).toEqual(new Set([moved, other]));
  const allowed = regrouped("/r", content, { nameOf, allowsTime });
  expect(allowed.sets[0]?.backdated).toEqual(new Set([other]));
  const again = regrouped("/r", allowed, { nameOf, allowsTime });
  expect(again.sets).toBe(allowed.sets);
  const elsewhere = regrouped("/r", allowed, { nameOf: () => "db", allowsTime });
  expect(elsewhere.sets[0]?.backdated).toEqual(new Set([moved, other]));
  const forbidden = regrouped("/r", allowed, { nameOf, allowsTime: undefined });
  expect(forbidden.sets[0]?.backdated).toEqual(new Set([moved, other]));
});

test("a set is made again when the rules of backdating change, and keeps its labels", () => {
  const missingAt = NOW - 10 * HOUR;
  const late = snapshot({ age: 40, firstSeen: { at: NOW, missingAt } });
  const before = backupSets("/r", [late]);
  expect(before[0]).toMatchObject({ backdated: new Set([late]), lastBackdatedAt: NOW });
  const dating = { maxBackupMs: 31 * HOUR, receivesCopies: false };
  const [set] = backupSets("/r", [late], before, { dating, isSameDating: false });
  expect(set).toMatchObject({ backdated: new Set(), lastBackdatedAt: undefined });
  expect(set?.labels).toBe(before[0]?.labels);
});

describe("a snapshot is backdated", () => {
  const dating = { maxBackupMs: 24 * HOUR, receivesCopies: false };
  const copies = { ...dating, receivesCopies: true };
  /** Appeared now; the listing before was an hour ago. */
  const firstSeen = { at: NOW, missingAt: NOW - HOUR };

  test.for<readonly [string, Shot, boolean, boolean]>([
    ["of a backup just now", { age: 0.5, firstSeen }, false, false],
    ["that was there at the first look", { age: 10_000 }, false, false],
    ["59 minutes after the start of its backup", { age: 1, shift: 0.98 }, false, false],
    ["61 minutes after the start of its backup", { age: 1, shift: 1.02 }, true, true],
    ["61 minutes before the start of its backup", { age: 1, shift: -1.02 }, true, true],
    ["as restic copy says", { age: 1, shift: 2, original: "a".repeat(64) }, true, true],
    ["of a backup that took 5 hours", { age: 5, files: 5 * 3600, firstSeen }, false, false],
    ["that appears 24 hours late", { age: 25, firstSeen }, false, false],
    ["that appears later", { age: 25.1, firstSeen }, true, false],
    [
      "that appears later with an original",
      { age: 26, firstSeen, original: "b".repeat(64) },
      true,
      false,
    ],
    ["without a summary that appears later", { age: 26, firstSeen, summary: null }, true, false],
    [
      "with a start in year 1",
      {
        age: 1,
        summary: { backup_start: "0001-01-01T00:00:00Z", backup_end: "0001-01-01T00:00:00Z" },
      },
      false,
      false,
    ],
    [
      "after days without a listing",
      { age: 80, firstSeen: { at: NOW, missingAt: NOW - 90 * HOUR } },
      false,
      false,
    ],
  ])("%s", ([, shot, expected, withCopies]) => {
    expect(isBackdated(snapshot(shot), dating)).toBe(expected);
    expect(isBackdated(snapshot(shot), copies)).toBe(withCopies);
  });

  test.for<readonly [string, Shot, boolean]>([
    ["of backup --time, a year back", { age: 9000, shift: -8999.5, firstSeen }, false],
    ["of backup --time, ahead", { age: -9000, shift: 9000.5, firstSeen }, false],
    ["without a summary that appears later", { age: 26, firstSeen, summary: null }, false],
    ["of a backup that appears later", { age: 26, firstSeen }, true],
    ["of backup --time that appears later", { age: 500, shift: -474, firstSeen }, true],
  ])("%s, where the client may choose the time", ([, shot, expected]) => {
    expect(isBackdated(snapshot(shot), dating, true)).toBe(expected);
    expect(isBackdated(snapshot(shot), copies, true)).toBe(false);
  });
});

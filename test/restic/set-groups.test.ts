import { hash } from "node:crypto";

import { describe, expect, test } from "vitest";

import { backupSets } from "../../instrumentation/restic/backup-sets.ts";
import type { Snapshot } from "../../instrumentation/restic/repository/snapshot.ts";
import { groupsOfSet } from "../../instrumentation/restic/set-groups.ts";
import type { SetGroup } from "../../instrumentation/restic/set-groups.ts";
import type { BackupSet } from "../../instrumentation/restic/state.ts";
import { idOf } from "../support/repository/snapshot-id.ts";
import { snapshotOf } from "../support/repository/snapshot-of.ts";

function snapshot(day: number, paths: readonly string[], tags: readonly string[]): Snapshot {
  const time = `2026-01-${String(day).padStart(2, "0")}T00:00:00Z`;
  const json = JSON.stringify({ time, hostname: "web", username: "root", paths, tags });
  return snapshotOf(idOf(json), json);
}

function setOf(snapshots: readonly Snapshot[]): BackupSet {
  const [set] = backupSets("/r", snapshots);
  return set ?? expect.fail("a set");
}

const name = (lists: object): string => hash("sha256", JSON.stringify(lists)).slice(0, 12);

const shown = (groups: readonly SetGroup[]): unknown =>
  Object.fromEntries(
    groups.map(({ labels, snapshots, newest, info }) => [
      labels["group"],
      [
        snapshots,
        new Date(newest.time.seconds * 1000).getUTCDate(),
        info?.["paths"],
        info?.["tags"],
      ],
    ]),
  );

const SET = setOf([
  snapshot(1, ["/a", "/b"], ["x"]),
  snapshot(4, ["/b", "/a"], ["y", "x"]),
  snapshot(3, ["/b", "/a"], ["x", "y"]),
  snapshot(2, ["/c"], ["x"]),
]);

test("a group has the snapshots with the same paths, tags, or both, in any order", () => {
  expect(shown(groupsOfSet(SET, ["paths"]))).toEqual({
    [name({ paths: ["/a", "/b"] })]: [3, 4, "/a,/b", undefined],
    [name({ paths: ["/c"] })]: [1, 2, "/c", undefined],
  });
  expect(shown(groupsOfSet(SET, ["tags"]))).toEqual({
    [name({ tags: ["x"] })]: [2, 2, undefined, "x"],
    [name({ tags: ["x", "y"] })]: [2, 4, undefined, "x,y"],
  });
  expect(shown(groupsOfSet(SET, ["tags", "paths"]))).toEqual({
    [name({ paths: ["/a", "/b"], tags: ["x"] })]: [1, 1, "/a,/b", "x"],
    [name({ paths: ["/a", "/b"], tags: ["x", "y"] })]: [2, 4, "/a,/b", "x,y"],
    [name({ paths: ["/c"], tags: ["x"] })]: [1, 2, "/c", "x"],
  });
  expect(groupsOfSet(SET, [])).toEqual([]);
});

test("the labels of a group are those of its set and its name", () => {
  const [group] = groupsOfSet(setOf([snapshot(1, ["/a"], [])]), ["paths"]);
  const labels = { url: "/r", host: "web", user: "root", group: name({ paths: ["/a"] }) };
  expect(group).toMatchObject({ labels, info: { ...labels, paths: "/a" } });
});

describe("the list in a label", () => {
  test.for([
    ["of 256 bytes is whole", `/${"a".repeat(255)}`, `/${"a".repeat(255)}`],
    ["is cut at 256 bytes", `/${"a".repeat(256)}`, `/${"a".repeat(255)}`],
    ["is cut before a character of two bytes", `/${"ü".repeat(200)}`, `/${"ü".repeat(127)}`],
    [
      "is cut before a character of four bytes",
      `/${"\u{1f600}".repeat(99)}`,
      `/${"\u{1f600}".repeat(63)}`,
    ],
  ] as const)("%s", ([, path, label]) => {
    const [group] = groupsOfSet(setOf([snapshot(1, [path], [])]), ["paths"]);
    expect(group?.info?.["paths"]).toBe(label);
  });

  test("is absent if the list is beyond what is kept of a repository", () => {
    const one = snapshot(1, ["/a"], ["x"]);
    const details = { ...(one.details ?? expect.fail()), paths: undefined };
    const [group] = groupsOfSet(setOf([{ ...one, details }]), ["paths"]);
    expect(group).toMatchObject({ snapshots: 1, info: undefined });
  });
});

test("snapshots whose lists are not read yet are in no group", () => {
  const bare = { ...snapshot(1, ["/a"], []), details: undefined };
  expect(groupsOfSet(setOf([bare]), ["paths"])).toEqual([]);
});

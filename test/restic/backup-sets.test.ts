import { expect, test } from "vitest";

import { backupSets, groupingSteps, regrouped } from "../../instrumentation/restic/backup-sets.ts";
import type { Snapshot } from "../../instrumentation/restic/repository/snapshot.ts";
import type { BackupSet } from "../../instrumentation/restic/state.ts";
import { Dice } from "../support/core/dice.ts";
import { compareInstants } from "../../instrumentation/restic/repository/timestamp.ts";
import { idOf } from "../support/repository/snapshot-id.ts";
import { snapshotOf } from "../support/repository/snapshot-of.ts";

const HOSTS = ["a", "b", "ab", "\u{1f600}", "constructor"];
const USERS = ["", "UNKNOWN", "root", "__proto__"];
const DAY = 86_400;

function snapshot(index: number, dice: Dice): Snapshot {
  return {
    id: idOf(String(index)),
    time: { seconds: 1_700_000_000 + dice.roll(50 * DAY), nanoseconds: dice.roll(2) },
    hostname: dice.pick(HOSTS),
    username: dice.pick(USERS),
    summary: undefined,
  };
}

/** The plainest way to count: one filter for each set. */
function plainSets(snapshots: readonly Snapshot[]): readonly object[] {
  const userOf = ({ username }: Snapshot): string => (username === "" ? "UNKNOWN" : username);
  const inTime = snapshots.toSorted(
    (a, b) =>
      a.time.seconds - b.time.seconds ||
      a.time.nanoseconds - b.time.nanoseconds ||
      (a.id < b.id ? -1 : 1),
  );
  return HOSTS.toSorted().flatMap((host) =>
    [...new Set(snapshots.map(userOf))].toSorted().flatMap((user) => {
      const members = inTime.filter((one) => one.hostname === host && userOf(one) === user);
      const days = new Set(members.map(({ time }) => Math.floor(time.seconds / DAY)));
      return members.length === 0
        ? []
        : {
            labels: { url: "rest:x", host, user },
            snapshots: members.length,
            newest: members.at(-1),
            oldest: members[0],
            days: [...days].toSorted((a, b) => b - a).slice(0, 31),
            backdated: new Set(),
            lastBackdatedAt: undefined,
            recent: [],
            members: expect.toSatisfy(
              (all: readonly Snapshot[]) =>
                all.length === members.length && members.every((one) => all.includes(one)),
            ),
          };
    }),
  );
}

test.for([1, 2, 3, 4, 5, 6, 7, 8])(
  "sets are those of the snapshots that are left, and unchanged sets stay the same objects (%i)",
  (seed) => {
    const dice = new Dice(seed);
    let present: readonly Snapshot[] = [];
    let sets: readonly BackupSet[] = [];
    for (let round = 0; round < 40; round++) {
      const added = Array.from({ length: dice.roll(round < 20 ? 40 : 4) }, (_, index) =>
        snapshot(round * 100 + index, dice),
      );
      const kept = dice.roll(3) === 0 ? present.filter(() => dice.roll(4) > 0) : present;
      present = [...kept, ...added];
      const before = sets;
      sets = backupSets("rest:x", present, before);
      expect(sets).toEqual(plainSets(present));
      for (const set of sets) {
        const old = before.find(({ labels }) => labels === set.labels);
        if (old === set) continue;
        // A set with new labels is new; one with known labels has changed.
        const isKnown = before.some(
          ({ labels }) =>
            labels["host"] === set.labels["host"] && labels["user"] === set.labels["user"],
        );
        expect(old !== undefined).toBe(isKnown);
        expect(set).not.toEqual(old);
      }
    }
  },
);

test("a new snapshot changes its own set alone, and equal snapshots change nothing", () => {
  const dice = new Dice(9);
  const snapshots = Array.from({ length: 500 }, (_, index) => snapshot(index, dice));
  const before = backupSets("rest:x", snapshots);
  expect(backupSets("rest:x", snapshots, before)).toBe(before);
  expect(backupSets("rest:x", structuredClone(snapshots).toReversed(), before)).toBe(before);

  const added = { ...snapshot(1000, dice), hostname: "b", username: "root" };
  const after = backupSets("rest:x", [...snapshots, added], before);
  const changed = after.filter((set, index) => set !== before[index]);
  expect(changed.map(({ labels }) => labels)).toEqual([{ url: "rest:x", host: "b", user: "root" }]);
  expect(after.every(({ labels }, index) => labels === before[index]?.labels)).toBe(true);

  const forgotten = backupSets("rest:x", snapshots, after);
  expect(forgotten).toEqual(before);
  expect(forgotten.filter((set, index) => set !== after[index])).toHaveLength(1);
});

test("renamed hosts are one set, also after the rule changed", () => {
  const dice = new Dice(11);
  const snapshots = ["aa", "ab", "b"].map((hostname, index) =>
    Object.assign(snapshot(index, dice), { hostname, username: "root" }),
  );
  const hosts = (sets: readonly BackupSet[]): readonly unknown[] =>
    sets.map(({ labels, snapshots: count }) => [labels["host"], count]);
  const nameOf = (host: string): string => (host.startsWith("a") ? "container" : host);
  const sets = backupSets("rest:x", snapshots, [], { nameOf });
  expect(hosts(sets)).toEqual([
    ["b", 1],
    ["container", 2],
  ]);
  const content = {
    config: { id: "1", version: 2 },
    sets,
    snapshots: 3,
    unreadable: 0,
    refused: 0,
  } as const;
  const back = regrouped("rest:x", content, {
    nameOf: (host) => host,
    allowsTime: undefined,
  }).sets;
  expect(hosts(back)).toEqual([
    ["aa", 1],
    ["ab", 1],
    ["b", 1],
  ]);
  expect(back[2]).toBe(sets[0]);
});

test("a set changes when the details of a snapshot are read", () => {
  const bare = { ...snapshot(1, new Dice(12)), hostname: "a" };
  const details = {
    original: undefined,
    tree: undefined,
    paths: ["/a"],
    tags: [],
    groups: { paths: "", tags: "", pathsAndTags: "" },
    programVersion: undefined,
    utcOffsetMinutes: 0,
  };
  const before = backupSets("rest:x", [bare]);
  const after = backupSets("rest:x", [{ ...bare, details }], before);
  expect(after[0]).not.toBe(before[0]);
  expect(after[0]?.members[0]?.details).toBe(details);
});

test("a set whose last snapshot was forgotten is gone", () => {
  const dice = new Dice(10);
  const a = { ...snapshot(1, dice), hostname: "a" };
  const b = { ...snapshot(2, dice), hostname: "b" };
  const both = backupSets("rest:x", [a, b]);
  const left = backupSets("rest:x", [b], both);
  expect(left).toEqual([both[1]]);
  expect(left[0]).toBe(both[1]);
  expect(backupSets("rest:x", [], left)).toEqual([]);
});

test.for([
  ["0", "1"],
  ["1", "0"],
] as const)(
  "of an original (%s…) and its rewritten twin (%s…) with equal time the twin is the newest",
  ([first, second]) => {
    const details = snapshotOf("x", "{}").details ?? expect.fail();
    const one = { ...snapshot(1, new Dice(11)), details, id: first.repeat(64) };
    const twin = { ...one, id: second.repeat(64), details: { ...details, original: one.id } };
    for (const both of [
      [one, twin],
      [twin, one],
    ]) {
      const [set] = backupSets("rest:x", both);
      expect(set?.newest.id).toBe(twin.id);
      expect(set?.oldest.id).toBe(one.id);
    }
  },
);

test.for([
  // One before the host, and four for each of the two times that its snapshots are read.
  [1, 9],
  [50, 5],
] as const)("20,000 snapshots of %i hosts are grouped with %i breaks", ([hosts, breaks]) => {
  const snapshots = Array.from({ length: 20_000 }, (_, index) =>
    snapshotOf(
      idOf(String(index)),
      JSON.stringify({
        time: new Date((index * 7919) % 20_000).toISOString(),
        hostname: `h${index % hosts}`,
      }),
    ),
  );
  const steps = groupingSteps("/r", snapshots);
  let count = 0;
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) count += 1;
  expect(count).toBe(breaks);
  expect(step.value).toEqual(backupSets("/r", snapshots));
  const newest = snapshots.toSorted((a, b) => compareInstants(b.time, a.time));
  const own = newest.filter(({ hostname }) => hostname === newest[0]?.hostname);
  const set = step.value.find(({ labels }) => labels["host"] === own[0]?.hostname);
  expect([set?.newest, set?.oldest]).toEqual([own[0], own.at(-1)]);
  expect(set?.recent).toEqual(own.slice(1, 6));
  expect(groupingSteps("/r", snapshots.slice(0, 100)).next().done).toBe(true);
});

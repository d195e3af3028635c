import { expect, test } from "vitest";

import { Ids } from "../../instrumentation/backends/file-ids.ts";
import { BackupSets } from "../../instrumentation/restic/backup-sets.ts";
import { SnapshotTable } from "../../instrumentation/restic/repository/snapshot-table.ts";
import type { Snapshot } from "../../instrumentation/restic/repository/snapshot.ts";
import { backupSets, idOf } from "../support/core/backup-sets.ts";

const HOSTS = ["a", "b", "ab", "\u{1f600}", "constructor"];
const USERS = ["", "UNKNOWN", "root", "__proto__"];

/** The same sequence each time; Mulberry32. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function snapshot(index: number, random: (below: number) => number): Snapshot {
  const seconds = 1_700_000_000 + random(50 * 86_400);
  return {
    id: idOf(String(index)),
    time: { seconds, nanoseconds: random(2) },
    hostname: HOSTS[random(HOSTS.length)] ?? "",
    username: USERS[random(USERS.length)] ?? "",
    summary:
      random(2) === 0
        ? undefined
        : {
            durationSeconds: random(2) === 0 ? undefined : random(100),
            files: random(1000),
            processedBytes: 0,
            addedBytes: undefined,
            addedStoredBytes: 2 ** 40 + random(1000),
          },
  };
}

test.for([1, 2, 3, 4, 5, 6, 7, 8])(
  "snapshots that come and go give the sets that they would give at once (%i)",
  (seed) => {
    const random = randomOf(seed);
    const table = new SnapshotTable();
    const sets = new BackupSets("rest:x");
    let present = new Map<string, Snapshot>();
    for (let round = 0; round < 40; round++) {
      for (let count = random(round < 20 ? 40 : 4); count > 0; count--) {
        const added = snapshot(round * 100 + count, random);
        present.set(added.id, added);
        table.add(added);
      }
      if (random(3) === 0) {
        present = new Map([...present].filter(() => random(4) > 0));
        table.retain(Ids.of(present.keys()));
      }
      expect(table.size).toBe(present.size);
      expect([...present.keys()].every((id) => table.has(id))).toBe(true);
      expect([...table].toSorted(byId)).toEqual([...present.values()].toSorted(byId));
      expect(sets.update(table)).toEqual(backupSets("rest:x", present.values()));
    }
  },
);

function byId(a: Snapshot, b: Snapshot): number {
  return a.id < b.id ? -1 : 1;
}

test("a new snapshot changes its own set, and none when nothing is new; the labels stay the same object", () => {
  const random = randomOf(9);
  const table = new SnapshotTable();
  const sets = new BackupSets("rest:x");
  for (let index = 0; index < 500; index++) table.add(snapshot(index, random));
  const before = sets.update(table);
  expect(sets.update(table)).toBe(before);

  const added = { ...snapshot(1000, random), hostname: "b", username: "root" };
  table.add(added);
  const after = sets.update(table);
  const changed = after.filter((set, index) => set !== before[index]);
  expect(changed.map(({ labels }) => labels)).toEqual([{ url: "rest:x", host: "b", user: "root" }]);
  expect(after.map(({ labels }) => labels)).toEqual(before.map(({ labels }) => labels));
  expect(after.every(({ labels }, index) => labels === before[index]?.labels)).toBe(true);

  const ids = [...table].map(({ id }) => id);
  table.retain(Ids.of(ids.filter((id) => id !== added.id)));
  const forgotten = sets.update(table);
  expect(forgotten).toEqual(before);
  expect(forgotten.filter((set, index) => set !== after[index])).toHaveLength(1);
});

test("what is no id is refused, and never taken for one", () => {
  const table = new SnapshotTable();
  const id = idOf("x");
  table.add({ ...snapshot(1, randomOf(1)), id });
  expect(table.has(id)).toBe(true);
  for (const wrong of ["", id.slice(2), `${id}00`, `${id.slice(0, 62)}zz`])
    expect(() => table.has(wrong)).toThrow("is no id of a file");
});

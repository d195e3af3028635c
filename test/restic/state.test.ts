import { expect, test } from "vitest";

import type { Snapshot } from "../../instrumentation/restic/repository/snapshot.ts";
import { ageDays, nextAgeChange } from "../../instrumentation/restic/state.ts";
import { backupSets } from "../../instrumentation/restic/backup-sets.ts";
import { idOf } from "../support/repository/snapshot-id.ts";
import { snapshotOf } from "../support/repository/snapshot-of.ts";

const DAY = 86_400_000;
const T = Date.parse("2024-05-01T12:00:00Z");

function snapshot(time: string, hostname = "h", username = "u", id = idOf(time)): Snapshot {
  return snapshotOf(id, JSON.stringify({ time, hostname, username }));
}

const noon = snapshot("2024-05-01T12:00:00Z");

test.for([
  [0, 0],
  [DAY - 1000, 0],
  [DAY, 1],
  [3.99 * DAY, 3],
  [-1, 0],
  [-DAY + 1000, 0],
  [-DAY, -1],
  [-1.5 * DAY, -1],
  [-27_000 * DAY, -27_000],
] as const)("the age %i ms later is %i days", ([elapsed, days]) => {
  // `toBe` distinguishes 0 and -0: the exposition would print "-0".
  expect(ageDays(noon, T + elapsed)).toBe(days);
});

test.for([0, 1, DAY - 1, DAY, 1.5 * DAY, -1, -DAY + 1, -DAY, -1.5 * DAY, -2 * DAY])(
  "at %i ms the age stays until the next change, and changes then",
  (elapsed) => {
    const now = T + elapsed;
    const change = nextAgeChange(noon, now);
    expect(change).toBeGreaterThan(now);
    expect(ageDays(noon, change - 1)).toBe(ageDays(noon, now));
    expect(ageDays(noon, change)).toBe(ageDays(noon, now) + 1);
  },
);

test("sets are keyed by host and user, not by a joined string", () => {
  const sets = backupSets("rest:x", [
    snapshot("2024-01-01T00:00:00Z", "web-1", "db"),
    snapshot("2024-01-02T00:00:00Z", "web", "1-db"),
    snapshot("2024-01-03T00:00:00+01:00", "web", "1-db"),
  ]);
  expect(sets.map(({ labels, snapshots }) => [labels["host"], labels["user"], snapshots])).toEqual([
    ["web", "1-db", 2],
    ["web-1", "db", 1],
  ]);
});

test("an empty user and a user UNKNOWN are one set", () => {
  const sets = backupSets("rest:x", [
    snapshot("2024-01-01T00:00:00Z", "h", ""),
    snapshot("2024-01-02T00:00:00Z", "h", "UNKNOWN"),
  ]);
  expect(sets).toHaveLength(1);
  expect(sets[0]).toMatchObject({
    labels: { url: "rest:x", host: "h", user: "UNKNOWN" },
    snapshots: 2,
  });
});

test("newest and oldest are compared as instants; of equal times the higher id is newer", () => {
  const [set] = backupSets("rest:x", [
    snapshot("2024-01-01T23:00:00-03:30", "h", "u", "b".repeat(64)),
    snapshot("2024-01-02T02:00:00Z", "h", "u", "a".repeat(64)),
    snapshot("2024-01-02T02:30:00Z", "h", "u", "c".repeat(64)),
    snapshot("2024-01-02T03:30:00+01:00", "h", "u", "d".repeat(64)),
  ]);
  expect(set?.newest.id).toBe("d".repeat(64));
  expect(set?.oldest.id).toBe("a".repeat(64));
});

import { expect, test } from "vitest";

import { statusFor } from "../../support/web/status.ts";

test("/api/status has the schema of version 1", () => {
  const status = statusFor(
    [
      {
        url: "/srv/a",
        snapshots: [
          { host: "web", daysAgo: 0.5, addedBytes: 2048 },
          { host: "web", daysAgo: 2 },
          { host: "web", daysAgo: 40 },
          { host: "db", user: "", daysAgo: 4 },
        ],
      },
      { url: "/srv/b", error: ["denied", "access denied (403)"] },
      { url: "/srv/c", error: ["corrupt", "1 unreadable"], damaged: true },
    ],
    ["/srv/d"],
  );
  expect(status).toEqual({
    version: 1,
    now: "2026-01-01T00:00:00.000Z",
    lateAfterSeconds: 259_200,
    nextCollection: "2026-01-01T00:04:00.000Z",
    repositories: [
      {
        url: "/srv/a",
        state: "fine",
        error: null,
        failingSince: null,
        lastSuccess: "2025-12-31T23:00:00.000Z",
        durationSeconds: 1.25,
        snapshots: 4,
        unreadableSnapshots: 0,
        requests: 2,
      },
      expect.objectContaining({
        url: "/srv/b",
        state: "failing",
        error: {
          type: "denied",
          message: "access denied (403)",
          hint: expect.stringContaining("Check user, password or key"),
        },
        failingSince: "2025-12-31T23:00:00.000Z",
        lastSuccess: "2025-12-31T22:00:00.000Z",
      }),
      expect.objectContaining({
        url: "/srv/c",
        state: "damaged",
        failingSince: null,
        unreadableSnapshots: 1,
      }),
      {
        url: "/srv/d",
        state: "unknown",
        error: null,
        failingSince: null,
        lastSuccess: null,
        durationSeconds: null,
        snapshots: null,
        unreadableSnapshots: null,
        requests: null,
      },
    ],
    sets: [
      {
        url: "/srv/a",
        host: "db",
        user: "UNKNOWN",
        late: true,
        future: false,
        empty: false,
        newest: "2025-12-28T00:00:00.000Z",
        ageSeconds: 345_600,
        oldest: "2025-12-28T00:00:00.000Z",
        snapshots: 1,
        addedBytes: null,
        durationSeconds: null,
        daysAgo: [4],
      },
      {
        url: "/srv/a",
        host: "web",
        user: "root",
        late: false,
        future: false,
        empty: false,
        newest: "2025-12-31T12:00:00.000Z",
        ageSeconds: 43_200,
        oldest: "2025-11-22T00:00:00.000Z",
        snapshots: 3,
        addedBytes: 2048,
        durationSeconds: 61.5,
        daysAgo: [1, 2],
      },
    ],
  });
});

test("a set is in the future from an hour ahead, as the rule has it, and empty if its newest snapshot has no files", () => {
  const hour = 1 / 24;
  const { sets } = statusFor([
    {
      url: "/srv/a",
      snapshots: [
        { host: "a", daysAgo: -hour },
        { host: "b", daysAgo: -hour - 0.001 },
        { host: "c", daysAgo: 1, files: 0, addedBytes: 0 },
        { host: "d", daysAgo: 2, files: 0, addedBytes: 0 },
        { host: "d", daysAgo: 1, files: 1, addedBytes: 0 },
        { host: "e", daysAgo: 4, files: 0, addedBytes: 0 },
      ],
    },
  ]);
  expect(sets.map(({ host, late, future, empty }) => [host, late, future, empty])).toEqual([
    ["a", false, false, false],
    ["b", false, true, false],
    ["c", false, false, true],
    ["d", false, false, false],
    ["e", true, false, true],
  ]);
});

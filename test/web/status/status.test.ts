import { expect, test } from "vitest";

import { EXPECTED } from "../../support/web/page-states.ts";
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
        locks: null,
        changes: null,
        inventory: null,
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
        locks: null,
        changes: null,
        inventory: null,
      },
    ],
    sets: [
      {
        url: "/srv/a",
        host: "db",
        user: "UNKNOWN",
        late: true,
        old: false,
        metBy: [],
        retired: false,
        future: false,
        empty: false,
        newest: "2025-12-28T00:00:00.000Z",
        ageSeconds: 345_600,
        oldest: "2025-12-28T00:00:00.000Z",
        snapshots: 1,
        addedBytes: null,
        durationSeconds: null,
        daysAgo: [4],
        gaps: [],
      },
      {
        url: "/srv/a",
        host: "web",
        user: "root",
        late: false,
        old: false,
        metBy: [],
        retired: false,
        future: false,
        empty: false,
        newest: "2025-12-31T12:00:00.000Z",
        ageSeconds: 43_200,
        oldest: "2025-11-22T00:00:00.000Z",
        snapshots: 3,
        addedBytes: 2048,
        durationSeconds: 61.5,
        daysAgo: [1, 2],
        gaps: [],
      },
    ],
    expectations: [],
    hiddenSlots: 0,
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

test("/api/status has the expectations, unmet ones first, the worst at the top", () => {
  expect(EXPECTED.version).toBe(1);
  expect(EXPECTED.expectations).toEqual([
    {
      name: "servers",
      host: "web-9",
      user: "root",
      newest: null,
      maxAgeSeconds: 93_600,
      reasons: ["never_seen", "unknown"],
      paused: false,
      pausedUntil: null,
      heldBy: [],
      unknown: [{ url: "/srv/copy", cause: "failing" }],
      retention: [],
    },
    {
      name: "servers",
      host: "web-2",
      user: "root",
      newest: "2025-12-19T21:36:00.000Z",
      maxAgeSeconds: 93_600,
      reasons: ["late", "unknown"],
      paused: false,
      pausedUntil: null,
      heldBy: [{ url: "/srv/backups", user: "root" }],
      unknown: [{ url: "/srv/copy", cause: "failing" }],
      retention: [],
    },
    {
      name: "copies",
      host: "db-1",
      newest: null,
      maxAgeSeconds: 93_600,
      reasons: ["copies", "unknown"],
      paused: false,
      pausedUntil: null,
      heldBy: [],
      unknown: [{ url: "/srv/copy", cause: "failing" }],
      retention: [],
    },
    {
      name: "office",
      host: "laptop",
      newest: "2025-10-22T21:36:00.000Z",
      maxAgeSeconds: 8_043_840,
      reasons: [],
      paused: true,
      pausedUntil: "2026-01-15T00:00:00.000Z",
      heldBy: [{ url: "/srv/backups", user: "anna" }],
      unknown: [],
      retention: [],
    },
    {
      name: "servers",
      host: "web-1",
      user: "root",
      newest: "2025-12-31T21:36:00.000Z",
      maxAgeSeconds: 93_600,
      reasons: [],
      paused: false,
      pausedUntil: null,
      heldBy: [{ url: "/srv/backups", user: "root" }],
      unknown: [],
      retention: [],
    },
  ]);
});

test("a set that an expectation covers is late by the age of the expectation, a retired one is never", () => {
  const { sets } = statusFor(
    [
      {
        url: "/srv/a",
        snapshots: [
          { host: "daily", daysAgo: 2 },
          { host: "daily", user: "other", daysAgo: 2 },
          { host: "old", daysAgo: 400 },
          { host: "old", user: "back", daysAgo: 5 },
          { host: "weekly", daysAgo: 5 },
        ],
      },
    ],
    [],
    {
      expect: [
        { name: "daily", hosts: ["daily"], users: ["root"], maxAge: "26h" },
        { name: "weekly", hosts: ["weekly"], maxAge: "8d" },
      ],
      retired: [{ hosts: ["old"], since: "2025-06-01" }],
    },
  );
  expect(sets.map(({ host, user, late, retired }) => [host, user, late, retired])).toEqual([
    ["daily", "other", false, false],
    ["daily", "root", true, false],
    ["old", "back", true, false],
    ["old", "root", false, true],
    ["weekly", "root", false, false],
  ]);
});

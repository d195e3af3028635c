import { stripVTControlCharacters } from "node:util";

import { expect, test } from "vitest";

import { textTable } from "../../../src/web/status/text-table.ts";
import { EXPECTED } from "../../support/web/page-states.ts";
import { HistoryScene } from "../../support/repository/history-scene.ts";
import { holder, lockState } from "../../support/web/lock-state.ts";
import { statusFor } from "../../support/web/status.ts";

function table(status: Parameters<typeof textTable>[0], columns: number): string {
  return stripVTControlCharacters(textTable(status, columns));
}

const SOME = statusFor([
  {
    url: "/srv/web",
    snapshots: [
      { host: "web-1", daysAgo: 0.5 },
      { host: "web-1", daysAgo: 2 },
      { host: "web-2", user: "deploy", daysAgo: 5 },
      { host: "web-3", daysAgo: -2 },
      { host: "web-4", daysAgo: 1, files: 0, addedBytes: 0 },
    ],
  },
  { url: "/srv/empty" },
  {
    url: "rest:https://backups.example.com/nas",
    error: ["corrupt", "1 unreadable snapshot file: 3f2a1b77 is not sealed"],
    damaged: true,
    snapshots: [{ host: "nas", daysAgo: 1 }],
  },
  {
    url: "/srv/laptop",
    error: ["unreachable", "no route to host"],
    snapshots: [{ host: "l", daysAgo: 1 }],
  },
]);

test("in a wide terminal each set is one row, and the failures follow", () => {
  expect(table(SOME, 100)).toBe(`\
REPOSITORY                            HOST   USER    SNAPSHOTS  NEWEST (UTC)      AGE        STATE
/srv/laptop                           l      root            1  2025-12-31 00:00  24 h       failing
/srv/web                              web-1  root            2  2025-12-31 12:00  12 h       ok
/srv/web                              web-2  deploy          1  2025-12-27 00:00  5 days     late
/srv/web                              web-3  root            1  2026-01-03 00:00  in 2 days  future
/srv/web                              web-4  root            1  2025-12-31 00:00  24 h       empty
rest:https://backups.example.com/nas  nas    root            1  2025-12-31 00:00  24 h       ok

/srv/empty: no snapshots

rest:https://backups.example.com/nas: damaged, corrupt
  1 unreadable snapshot file: 3f2a1b77 is not sealed
  Run restic check. All readable snapshots are still shown.

/srv/laptop: failing, unreachable
  no route to host
  Check that the server is up and the address is right. The agent retries by itself.

2 of 4 repositories fine, 2 of 6 backup sets ok
`);
});

test("in 80 columns each repository has a line above its sets, and nothing is wider", () => {
  const text = table(SOME, 80);
  expect(text).toContain(`\
REPOSITORY
  HOST   USER    SNAPSHOTS  NEWEST (UTC)      AGE        STATE
/srv/laptop
  l      root            1  2025-12-31 00:00  24 h       failing
/srv/web
  web-1  root            2  2025-12-31 12:00  12 h       ok
  web-2  deploy          1  2025-12-27 00:00  5 days     late
`);
  expect(text).toContain(`\
  Check that the server is up and the address is right. The agent retries by
  itself.
`);
  expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
});

test("unmet expectations come first, then a line with the number of those that are met", () => {
  const [expectations, sets] = table(EXPECTED, 100).split("\n\n");
  expect(`${expectations}\n`).toBe(`\
EXPECTATION  HOST   USER  NEWEST (UTC)      REASON
servers      web-9  root  –                 never seen, /srv/copy cannot be read
servers      web-2  root  2025-12-19 21:36  older than 26 h, /srv/copy cannot be read
copies       db-1   any   –                 too few fresh copies, /srv/copy cannot be read
1 of 5 slots of 3 expectations met, 1 paused
`);
  expect(sets).toMatch(/^\/srv\/backups +old-1 .* retired$/m);
  expect(table(EXPECTED, 80).split("\n\n")[0]).toBe(`\
EXPECTATION
  HOST   USER  NEWEST (UTC)      REASON
servers
  web-9  root  –                 never seen, /srv/copy cannot be read
  web-2  root  2025-12-19 21:36  older than 26 h, /srv/copy cannot be read
copies
  db-1   any   –                 too few fresh copies, /srv/copy cannot be read
1 of 5 slots of 3 expectations met, 1 paused`);
});

test("what changed in a repository within 30 days, and its locks, follow; earlier changes do not", () => {
  const scene = new HistoryScene();
  scene.keys = new Set(["a"]);
  const [old, newest] = [scene.add({ host: "web" }), scene.add({ host: "web", paths: ["/b"] })];
  scene.collect();
  scene.keys = new Set(["a", "c"]);
  scene.collect();
  scene.remove(old, newest);
  scene.add({ host: "web", hour: 0, original: old.id });
  scene.collect();
  const locks = lockState([
    holder(5, { isStale: true, hostname: "h\u001b" }),
    ...[3, 2, 1, 0].map((hours) => holder(hours, { username: "" })),
  ]);
  const snapshots = [{ host: "web", daysAgo: 0.5 }];
  const repositories = [
    { url: "/srv/a", snapshots, changes: scene.history, locks },
    { url: "/srv/b", snapshots },
  ];
  const status = statusFor(repositories);
  expect(table(status, 80).split("\n\n").slice(1)).toEqual([
    `\
/srv/a: changes
  newest snapshot of a group removed 2026-01-01 03:00, 1 snapshot removed
  2026-01-01 03:00, rewritten 2026-01-01 03:00, key added 2026-01-01 02:00,
  stale shared lock of root on h\ufffd since 2025-12-31 19:00, shared lock of web
  since 2025-12-31 21:00, shared lock of web since 2025-12-31 22:00, 2 more
  locks`,
    "2 of 2 repositories fine, 2 of 2 backup sets ok\n",
  ]);
  const later = { ...status, now: "2026-01-31T02:30:00.000Z" };
  expect(table(later, 120)).toContain("/srv/a: changes\n  newest snapshot of a group removed");
  expect(table(later, 120)).not.toContain("key added");
});

test("names from a repository cannot control the terminal", () => {
  const evil = "a\u001b[2J\r\nb\u202e";
  const text = textTable(
    statusFor([
      {
        url: `/srv/${evil}`,
        error: ["other", evil],
        damaged: true,
        snapshots: [{ host: evil, user: evil, daysAgo: 1 }],
      },
    ]),
    200,
  );
  for (const part of ["\u001b[2J", "\r", "\u202e"]) expect(text).not.toContain(part);
});

test("without repositories the table says so", () => {
  expect(table(statusFor([]), 80)).toBe("0 of 0 repositories fine, 0 of 0 backup sets ok\n");
});

test("150,000 sets make a table", () => {
  const snapshots = Array.from({ length: 150_000 }, (_, index) => ({
    host: `h${index}`,
    daysAgo: 1,
  }));
  expect(table(statusFor([{ url: "/srv/a", snapshots }]), 80).split("\n")).toHaveLength(
    150_000 + 4,
  );
});

import { expect, test } from "vitest";

import { textTable } from "../../../src/web/status/text-table.ts";
import { page, rows, text } from "../../support/web/page-text.ts";
import { statusFor } from "../../support/web/status.ts";

test("a set that is older than an expectation allows is old, and names the set that meets it", () => {
  const dead = { host: "web", user: "alice", daysAgo: 699 };
  const status = statusFor(
    [
      {
        url: "/srv/a",
        snapshots: [{ host: "web", daysAgo: 0.1 }, dead, { host: "db", daysAgo: 9 }],
      },
      { url: "/srv/b", snapshots: [{ host: "db", daysAgo: 0.2 }, dead] },
    ],
    [],
    {
      expect: [
        { name: "any", hosts: ["web", "db"], maxAge: "26h" },
        { name: "copies", hosts: ["db"], maxAge: "26h", copies: 2 },
        { name: "alice", hosts: ["web"], users: ["alice"], maxAge: "900d" },
      ],
    },
  );
  const [a, b] = ["/srv/a", "/srv/b"];
  expect(
    status.sets.map(({ url, host, user, late, old, metBy }) => ({
      url,
      host,
      user,
      late,
      old,
      metBy,
    })),
  ).toEqual([
    { url: a, host: "db", user: "root", late: false, old: true, metBy: [{ url: b, user: "root" }] },
    {
      url: a,
      host: "web",
      user: "alice",
      late: false,
      old: true,
      metBy: [{ url: a, user: "root" }],
    },
    { url: a, host: "web", user: "root", late: false, old: false, metBy: [] },
    { url: b, host: "db", user: "root", late: false, old: false, metBy: [] },
    {
      url: b,
      host: "web",
      user: "alice",
      late: false,
      old: true,
      metBy: [{ url: a, user: "root" }],
    },
  ]);
  const body = page(status);
  const old699 = "old web alice 699 days ago 2024-02-02 00:00 UTC met by root";
  const short = (row: string): string =>
    row.replace(/ \d+ \d+ (?:h|days) ago [-\d]+ [:\d]+ UTC – –/, "");
  expect(rows(body, 'id="sets"', "<footer").map(short)).toEqual([
    `${old699} /srv/a`,
    `${old699} in /srv/a /srv/b`,
    "old db root 9 days ago 2025-12-23 00:00 UTC met by root in /srv/b /srv/a",
    "ok db root 5 h ago 2025-12-31 19:12 UTC /srv/b",
    "ok web root 2 h ago 2025-12-31 21:36 UTC /srv/a",
  ]);
  const table = textTable(status, 200);
  expect(table).toContain(
    "/srv/b      web   alice          1  2024-02-02 00:00  699 days  old, met by root in /srv/a\n",
  );
  expect(table).toContain("2 of 5 backup sets ok");
  expect(body).toContain("<title>(1) restic-otel</title>");
});

test("expectations without an enabled repository are paused, and slots above maxSlots are counted", () => {
  const snapshots = ["a", "b", "c"].map((host) => ({ host, daysAgo: 0.1 }));
  const status = statusFor(
    [{ url: "/srv/a", snapshots }],
    [],
    {
      expect: [
        { name: "off", hosts: ["x", "y*"], users: ["root"], maxAge: "26h", repositories: ["/off"] },
        { name: "on", hosts: ["*"], maxAge: "26h" },
      ],
    },
    { disabled: ["/off"], maxSlots: 2 },
  );
  const body = page(status);
  expect(rows(body, '<details id="met"', 'id="repositories"')).toEqual([
    "paused off x root – none of its repositories is enabled",
    "met on a any 2 h ago 2025-12-31 21:36 UTC at most 26 h old, met by root in /srv/a",
    "met on b any 2 h ago 2025-12-31 21:36 UTC at most 26 h old, met by root in /srv/a",
  ]);
  expect(text(body)).toContain("2 of 3 slots of 2 expectations met");
  expect(text(body)).toContain("2 slots met, 1 paused");
  expect(text(body)).toContain("1 slot is above maxSlots, and not shown.");
  expect(status.hiddenSlots).toBe(1);
  expect(status.expectations[0]).toEqual({
    name: "off",
    host: "x",
    user: "root",
    newest: null,
    maxAgeSeconds: 26 * 3600,
    reasons: [],
    paused: true,
    pausedUntil: null,
    heldBy: [],
    unknown: [],
    retention: [],
  });
});

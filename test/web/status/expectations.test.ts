import { describe, expect, test } from "vitest";

import { select } from "../../../src/web/status/query.ts";
import { page, queryOf, rows, text } from "../../support/web/page-text.ts";
import { EXPECTED, statusOf } from "../../support/web/page-states.ts";
import { statusFor } from "../../support/web/status.ts";
import type { Status } from "../../../src/web/status/status.ts";

test("unmet expectations come first, the worst at the top, each with its reason in words; the others are folded away", () => {
  const body = page(EXPECTED);
  expect(body.indexOf('id="expectations"')).toBeLessThan(body.indexOf('id="repositories"'));
  expect(rows(body, 'id="expectations"', '<details id="met"')).toEqual([
    "never seen servers web-9 root – never seen, /srv/copy cannot be read",
    "late servers web-2 root 12 days ago 2025-12-19 21:36 UTC older than 26 h, /srv/copy cannot be read",
    "copies copies db-1 any – too few fresh copies, /srv/copy cannot be read",
  ]);
  expect(rows(body, '<details id="met"', 'id="repositories"')).toEqual([
    "paused office laptop any 70 days ago 2025-10-22 21:36 UTC until 2026-01-15 00:00 UTC",
    "met servers web-1 root 2 h ago 2025-12-31 21:36 UTC at most 26 h old, met by root in /srv/backups",
  ]);
  expect(text(body)).toContain("1 of 5 slots of 3 expectations met , 1 of 2 repositories");
  expect(text(body)).toContain("1 slot met, 1 paused");
  expect(body).toContain("<title>(5) restic-otel</title>");
});

test("empty and small snapshots, too few, those in the future, and expectations that find no host have words too", () => {
  const body = page(statusOf("odd expectations"));
  const name = "e".repeat(64);
  const long = "a-host-with-a-long-name.internal.example.com";
  expect(rows(body, 'id="expectations"', '<details id="met"')).toEqual([
    "never seen camera camera any – never seen, dated in the future",
    `never seen ${name} ${long} b – never seen, newest is empty, too few snapshots`,
    `never seen ${name} never any – never seen, too few snapshots`,
    "never seen none any any – never seen",
    `late ${name} ${long} a-user-with-a-long-name 5 days ago 2025-12-26 21:36 UTC older than 26 h, too few snapshots`,
  ]);
});

test("the periods of a policy are shown beside the age or the reason", () => {
  const snapshots = [0.1, 1.1, 2.1, 9.1, 30.1].map((daysAgo) => ({ host: "web", daysAgo }));
  const expectation = { maxAge: "26h", hosts: ["web"] };
  const status = statusFor([{ url: "/srv/a", snapshots }, { url: "/srv/b" }], [], {
    expect: [
      { ...expectation, name: "met", retention: { daily: 4, weekly: 3, last: 9 } },
      {
        ...expectation,
        name: "short",
        retention: { daily: 7, weekly: 5, monthly: 2 },
        require: { daily: 4, weekly: 4, monthly: 2 },
      },
    ],
  });
  const body = page(status);
  expect(rows(body, 'id="expectations"', '<details id="met"')).toEqual([
    "retention short web any 2 h ago 2025-12-31 21:36 UTC too few daily, weekly snapshots · daily 3 of 7 · weekly 3 of 5 · monthly 1 of 1",
  ]);
  expect(rows(body, '<details id="met"', 'id="repositories"')).toEqual([
    "met met web any 2 h ago 2025-12-31 21:36 UTC at most 26 h old, met by root in /srv/a · daily 3 of 4 · weekly 2 of 3",
  ]);
  expect(status.expectations[1]?.retention).toEqual([
    { url: "/srv/a", period: "daily", found: 3, expected: 4, required: 0 },
    { url: "/srv/a", period: "weekly", found: 2, expected: 3, required: 0 },
  ]);
});

test("several repositories have their own periods", () => {
  const snapshots = [{ host: "web", daysAgo: 0.1 }];
  const repositories = ["/srv/a", "/srv/b"].map((url) => ({ url, snapshots }));
  const retention = { daily: 7 };
  const status = statusFor(repositories, [], {
    expect: [{ name: "e", hosts: ["web"], maxAge: "26h", retention }],
  });
  expect(text(page(status))).toContain(
    "at most 26 h old, met by root in /srv/a, root in /srv/b · daily 1 of 1 in /srv/a; daily 1 of 1 in /srv/b",
  );
});

test("sets of retired hosts are folded away, and are no problem", () => {
  const body = page(EXPECTED);
  const [sets, retired] = ['id="sets"', '<details id="retired"'];
  const hosts = (list: readonly string[]): readonly string[] =>
    list.map((row) => row.split(" ").slice(0, 2).join(" "));
  expect(hosts(rows(body, sets, retired))).toEqual([
    "late web-2",
    "ok laptop",
    "ok db-1",
    "ok web-1",
  ]);
  expect(hosts(rows(body, retired, "<footer"))).toEqual(["retired old-2", "retired old-1"]);
  expect(text(body)).toContain("2 retired backup sets");
  expect(text(body)).toContain("1 backup set of 6 late,");
});

test.for([
  ["late", ["web-9", "web-2", "db-1"], ["web-2"]],
  ["late&host=web-2", ["web-2"], ["web-2"]],
  ["host=db-1&user=postgres", ["db-1"], ["db-1"]],
  ["host=web-1&user=nobody", [], []],
  ["q=OFFICE", ["laptop"], []],
  ["q=web-1", ["web-1"], ["web-1"]],
] as const)("the query ?%s selects expectations and backup sets", ([query, expected, sets]) => {
  const selected = select(EXPECTED, queryOf(query));
  expect(selected.expectations.map(({ host }) => host)).toEqual(expected);
  expect(selected.sets.map(({ host }) => host)).toEqual(sets);
  expect(page(EXPECTED, query)).toContain("Show all");
});

test("without expectations the page has no trace of them", () => {
  const body = page(statusOf("late"));
  for (const word of ["xpectation", "Late only", "etired", "<details"])
    expect(body).not.toContain(word);
  expect(text(body)).toContain("older than 3 days");
  const link = page(EXPECTED);
  expect(link).toContain('<a href="?late=">Late only</a>');
});

test("2,000 unmet expectations and 2,000 retired sets keep the page small", () => {
  const snapshots = Array.from({ length: 2000 }, (_, index) => ({
    host: `old-${index}`,
    daysAgo: 9,
  }));
  const status = statusFor([{ url: "/srv/a", snapshots }], [], {
    expect: [
      {
        name: "many",
        hosts: Array.from({ length: 2000 }, (_, index) => `h${index}`),
        maxAge: "1d",
      },
    ],
    retired: [{ hosts: ["old-*"], since: "2026-01-01" }],
  });
  const body = page(status);
  expect(body.length).toBeLessThan(500_000);
  expect(text(body)).toContain("1,800 more are not shown.");
  expect(text(body)).toContain("1,800 more are not shown.");
  expect(text(body)).toContain("0 of 2,000 slots of 1 expectation met");
});

describe("below the 30 days of a backup set there is", () => {
  const expectation = { name: "e", hosts: ["web"], maxAge: "26h" };
  const strip = (status: Status, host: string): readonly string[] => {
    const body = page(status, `host=${host}`);
    const [svg = ""] = /<svg.*?<\/svg>/s.exec(body.slice(body.indexOf('id="sets"'))) ?? [];
    const gaps = svg.matchAll(/<rect\s+class="gap"\s+x="(\d+)"\s+y="13"\s+width="(\d+)"/g);
    return [
      /<title>(.*?)<\/title>/.exec(svg)?.[1] ?? "",
      ...Array.from(gaps, ([, x, width]) => `${x}+${width}`),
    ];
  };

  test("a line for each expected period without a snapshot, with its words", () => {
    // It is Thursday 00:00, and of today there is none yet.
    const snapshots = [0.1, 1.1, 3.1, 17.1, 18.1].map((daysAgo) => ({ host: "web", daysAgo }));
    const status = statusFor(
      [{ url: "/srv/a", snapshots: [...snapshots, { host: "db", daysAgo: 9 }] }],
      [],
      { expect: [{ ...expectation, retention: { daily: 4, weekly: 3 } }] },
    );
    expect(strip(status, "web")).toEqual([
      "snapshots on 5 of the last 30 days, none in 1 expected day and 1 expected week",
      "104+4",
      "48+28",
    ]);
    expect(status.sets.find(({ host }) => host === "web")?.gaps).toEqual([
      { period: "daily", from: "2025-12-29T00:00:00.000Z", until: "2025-12-30T00:00:00.000Z" },
      { period: "weekly", from: "2025-12-15T00:00:00.000Z", until: "2025-12-22T00:00:00.000Z" },
    ]);
    expect(strip(status, "db")).toEqual(["snapshots on 1 of the last 30 days"]);
  });

  test("no line before the history of the repository, nor twice for two policies", () => {
    const snapshots = [0.1, 5.1].map((daysAgo) => ({ host: "web", daysAgo }));
    const retention = { daily: 30 };
    const status = statusFor([{ url: "/srv/a", snapshots }, { url: "/srv/b" }], [], {
      expect: [
        { ...expectation, retention },
        { ...expectation, name: "other", retention },
      ],
    });
    expect(strip(status, "web")).toEqual([
      "snapshots on 2 of the last 30 days, none in 4 expected days",
      "108+4",
      "104+4",
      "100+4",
      "96+4",
    ]);
  });
});

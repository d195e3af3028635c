import { expect, test } from "vitest";

import { statusPage } from "../../../src/web/status/page.ts";
import { linkTo, parseQuery } from "../../../src/web/status/query.ts";
import type { Status } from "../../../src/web/status/status.ts";
import { statusFor } from "../../support/web/status.ts";

function page(status: Status, query = ""): string {
  return String(
    statusPage(
      { version: "1.2.3", telemetryPath: "/metrics" },
      status,
      parseQuery(new URLSearchParams(query)),
    ).body,
  );
}

/** The hosts of the backup sets on the page, in order. */
function hosts(body: string): readonly string[] {
  const table = body.slice(body.indexOf('id="sets"'));
  return [...table.matchAll(/<th role="rowheader" scope="row">\s*<a[^>]*>([^<]*)<\/a/g)].map(
    ([, host = ""]) => host,
  );
}

function text(body: string): string {
  return body
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ")
    .replaceAll(" ,", ",")
    .replaceAll(" .", ".");
}

const SOME = statusFor(
  [
    {
      url: "/srv/a",
      snapshots: [
        { host: "b", daysAgo: 1, addedBytes: 5 * 2 ** 30 },
        { host: "a", user: "x", daysAgo: 5 },
        { host: "a", user: "x", daysAgo: 6 },
        { host: "c&c", user: "y", daysAgo: 0 },
      ],
    },
    { url: "/srv/b", error: ["timeout", "no answer"] },
    { url: "/srv/c", error: ["corrupt", "damaged"], damaged: true },
  ],
  ["/srv/d"],
);

test("one sentence summarizes the status", () => {
  expect(text(page(SOME))).toContain(
    "1 of 4 repositories fine, 1 failing, 1 damaged, 1 never collected, 1 backup set of 3 older than 3 days, next collection in 4 min.",
  );
  expect(page(SOME)).toContain("<title>(3) restic-otel</title>");
  expect(text(page(statusFor([])))).toContain(
    "No repository is collected: add one to the settings.",
  );
});

test("each state has a label, and repositories that need attention come first", () => {
  const states = [...page(SOME).matchAll(/class="state (\w+)"\s*>([^<]*)</g)].map(
    ([, name, word]) => `${name} ${word}`,
  );
  expect(states).toEqual([
    "failing failing",
    "damaged damaged",
    "unknown never collected",
    "fine fine",
    "late late",
    "ok ok",
    "ok ok",
  ]);
  expect(text(page(SOME))).toContain(
    "timeout, failing since 2025-12-31 23:00 UTC (60 min): no answer. The server or the disk hangs",
  );
});

const ODD = statusFor([
  {
    url: "/srv/a",
    snapshots: [
      { host: "fine", daysAgo: 2 },
      { host: "late", daysAgo: 4 },
      { host: "future", daysAgo: -2 },
      { host: "empty", daysAgo: 1, files: 0, addedBytes: 0 },
      { host: "late-empty", daysAgo: 5, files: 0, addedBytes: 0 },
    ],
  },
  { url: "/srv/b", error: ["denied", "403"], snapshots: [{ host: "stale", daysAgo: 1 }] },
]);

test("sets dated in the future and empty ones are marked and come with the late ones; sets that are fine say ok", () => {
  const body = page(ODD);
  const table = body.slice(body.indexOf('id="sets"'));
  const rows = table.split("<tr").slice(2);
  expect(
    rows.map((row) =>
      text(`<tr${row}`)
        .trim()
        .replace(/(?:root|[0-9]).*/, ""),
    ),
  ).toEqual([
    "late empty late-empty ",
    "late late ",
    "empty empty ",
    "future future ",
    "ok fine ",
    "failing stale ",
  ]);
  expect(text(body)).toContain(
    "2 backup sets of 6 older than 3 days, 1 dated in the future, 2 with an empty newest snapshot, next collection in 4 min.",
  );
  expect(body).toContain("<title>(5) restic-otel</title>");
  expect(hosts(page(ODD, "sort=host"))[0]).toBe("empty");
});

test.for([
  ["", ["a", "b", "c&#38;c"]],
  ["sort=host", ["a", "b", "c&#38;c"]],
  ["sort=user", ["b", "a", "c&#38;c"]],
  ["sort=snapshots", ["a", "b", "c&#38;c"]],
  ["sort=added", ["b", "a", "c&#38;c"]],
  ["sort=nonsense&page=-1", ["a", "b", "c&#38;c"]],
  ["host=a", ["a"]],
  ["host=c%26c", ["c&#38;c"]],
  ["user=root", ["b"]],
  ["url=/srv/b", []],
  ["q=C%26", ["c&#38;c"]],
  ["q=srv&sort=host", ["a", "b", "c&#38;c"]],
] as const)("the query ?%s selects and sorts the backup sets", ([query, expected]) => {
  expect(hosts(page(SOME, query))).toEqual(expected);
});

test("a link changes one parameter and keeps the others", () => {
  const query = parseQuery(new URLSearchParams("sort=host&q=a b&page=3&url=/x"));
  expect(linkTo(query, { page: 4 })).toBe("?sort=host&url=%2Fx&q=a+b&page=4");
  expect(linkTo(query, { sort: "age" })).toBe("?url=%2Fx&q=a+b");
  expect(page(SOME)).not.toMatch(/(?:href|src|action)="\//);
});

test("names are escaped", () => {
  const evil = `"><script>alert(1)</script>'&\u202e\u0007`;
  const body = page(
    statusFor([
      {
        url: `/srv/${evil}`,
        snapshots: [{ host: evil, user: evil, daysAgo: 1 }],
        error: ["other", evil],
        damaged: true,
      },
    ]),
    new URLSearchParams({ q: evil, host: evil }).toString(),
  );
  expect(body).not.toContain("<script>alert");
  for (const character of ["\u202e", "\u0007"]) expect(body).not.toContain(character);
  expect(body.match(/<script/g)).toHaveLength(1);
});

test("10,000 backup sets are shown in pages of 200", () => {
  const snapshots = Array.from({ length: 10_000 }, (_, index) => ({
    host: `h${index}`,
    daysAgo: index / 1000,
  }));
  const status = statusFor([{ url: "/srv/a", snapshots }]);
  expect(hosts(page(status))).toHaveLength(200);
  expect(text(page(status, "page=50"))).toContain("page 50 of 50, 10,000 sets");
  expect(hosts(page(status, "page=99999"))).toContain("h0");
  expect(hosts(page(status, "q=h777&sort=host"))).toHaveLength(11);
  expect(page(status).length).toBeLessThan(300_000);
});

test("the page has no inline script or style, and the policy allows none", () => {
  const { headers } = statusPage(
    { version: "1", telemetryPath: "/metrics" },
    SOME,
    parseQuery(new URLSearchParams()),
  );
  expect(headers?.["content-security-policy"]).toContain(
    "default-src 'none'; style-src 'self'; script-src 'self'",
  );
  expect(page(SOME)).not.toMatch(/ style=| on\w+=|<style/);
});

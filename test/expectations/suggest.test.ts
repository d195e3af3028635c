import { expect, test } from "vitest";
import { parse } from "yaml";

import { suggest } from "../../instrumentation/expectations/suggest.ts";
import type { Suggestions } from "../../instrumentation/expectations/suggest.ts";
import { backupSets } from "../../instrumentation/restic/backup-sets.ts";
import { parseExpectations } from "../../instrumentation/settings/expectations/parse.ts";
import type { ExpectationSections } from "../../instrumentation/settings/expectations/parse.ts";
import { suggestionText } from "../../src/suggestion-text.ts";
import { snapshotOf } from "../support/expectations/scene.ts";
import type { Shot } from "../support/expectations/scene.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z") / 1000;
const HOUR = 3600;
const DAY = 24 * HOUR;

/** Daily backups until a time before now. */
function daily(shot: Omit<Shot, "at">, silent = HOUR, count = 10): readonly Shot[] {
  return Array.from({ length: count }, (_, index) => ({
    ...shot,
    at: NOW - silent - index * DAY,
  }));
}

type Places = Readonly<Record<string, readonly Shot[]>>;

function suggestFor(places: Places, sections: ExpectationSections = {}): Suggestions {
  const list = Object.keys(places).map((url) => ({ url, disabled: false }));
  const { value } = parseExpectations(sections, { list, areComplete: true });
  const sets = Object.entries(places).flatMap(([url, shots]) =>
    backupSets(url, shots.map(snapshotOf)),
  );
  return suggest(sets, value, NOW * 1000);
}

/** The text, after it was loaded as settings. */
function textFor(places: Places): string {
  const text = suggestionText(suggestFor(places).suggestions);
  const list = Object.keys(places).map((url) => ({ url, disabled: false }));
  expect(parseExpectations(parse(text), { list, areComplete: true }).problems).toEqual([]);
  return text;
}

test("hosts with the same age share an expectation", () => {
  const text = textFor({ "/a": [...daily({ host: "web" }), ...daily({ host: "db" })] });
  expect(text).toBe(`expect:
  # largest gap seen twice: 24h
  - name: within-30h
    hosts: [db, web]
    maxAge: 30h
`);
});

test("two jobs of a host are two expectations, also of two users", () => {
  const etc = daily({ host: "web", paths: ["/etc"] });
  const home = daily({ host: "web", user: "me", paths: ["/home/", "/srv"] }, 60 * DAY);
  expect(textFor({ "/a": [...etc, ...home] })).toBe(`expect:
  # largest gap seen twice: 24h
  - name: web-etc
    hosts: [web]
    paths: [/etc]
    maxAge: 30h
  # silent since 2026-04-02, late at once; largest gap seen twice: 24h
  - name: web-home
    hosts: [web]
    paths: [/home/, /srv]
    maxAge: 30h
`);
});

test("hosts that are silent for over 90 days follow as comments", () => {
  const text = textFor({
    "/a": [...daily({ host: "old" }, 91 * DAY), ...daily({ host: "gone" }, 89 * DAY)],
  });
  expect(text).toBe(`expect:
  # silent since 2026-03-04, late at once; largest gap seen twice: 24h
  - name: gone
    hosts: [gone]
    maxAge: 30h
  # retired? silent since 2026-03-02; largest gap seen twice: 24h
  # - name: old
  #   hosts: [old]
  #   maxAge: 30h
`);
  expect(textFor({ "/a": daily({ host: "old" }, 91 * DAY) })).toContain("expect: []\n  # retired?");
  expect(suggestionText([])).toBe("expect: []\n");
});

test("too few snapshots give a guess", () => {
  expect(textFor({ "/a": daily({ host: "new" }, HOUR, 2) })).toBe(`expect:
  # a guess: too few snapshots
  - name: new
    hosts: [new]
    maxAge: 8d
`);
});

test("a single backup of other paths beside a regular job is not expected again", () => {
  const once = { host: "web", paths: ["/tmp/once"], at: NOW - 20 * DAY };
  const states = suggestFor({ "/a": [...daily({ host: "web" }), once] }).suggestions.map(
    ({ paths, state }) => [paths, state],
  );
  expect(states).toEqual([
    [["/"], "regular"],
    [["/tmp/once"], "retired"],
  ]);
});

test.for<readonly [string, readonly Shot[]]>([
  [
    "each snapshot has other paths",
    daily({ host: "web" }).map(({ host, at }, index) => ({ host, at, paths: [`/snap-${index}`] })),
  ],
  [
    "paths were added",
    [
      ...daily({ host: "web", paths: ["/etc"] }, 20 * DAY),
      ...daily({ host: "web", paths: ["/etc"] }, HOUR),
    ],
  ],
  [
    "the paths of some are not known",
    [...daily({ host: "web", paths: ["/etc"] }), ...daily({ host: "web", isBare: true }, 2 * HOUR)],
  ],
])("a host is one job if %s", ([, shots]) => {
  expect(suggestFor({ "/a": shots }).suggestions).toMatchObject([{ hosts: ["web"], paths: [] }]);
});

test("paths that a newer job has among others are not expected beside it", () => {
  const shots = [
    ...daily({ host: "web", paths: ["/etc"] }, 20 * DAY),
    ...daily({ host: "web", paths: ["/srv", "/etc"] }),
  ];
  expect(suggestFor({ "/a": shots }).suggestions).toMatchObject([
    { state: "regular", paths: ["/etc", "/srv"] },
  ]);
});

test("a host in two repositories is expected in each", () => {
  const url = "rest:http://[::1]:8000/a*";
  const text = textFor({ [url]: daily({ host: "web" }), "/b": daily({ host: "web" }, 9 * DAY) });
  const { expect: entries } = parse(text);
  expect(entries).toEqual([
    {
      name: "web",
      repositories: [String.raw`rest:http://\[::1\]:8000/a\*`],
      hosts: ["web"],
      maxAge: "30h",
    },
    { name: "web-2", repositories: ["/b"], hosts: ["web"], maxAge: "30h" },
  ]);
});

test("names with letters of globs, of YAML and of the terminal are loaded as they are", () => {
  const hosts = [
    "*",
    "a[1]{2}",
    "\\x",
    "yes",
    "123",
    "# no",
    "a: b",
    "-",
    "x\n- y",
    "ÄÖ",
    "'",
    "~",
    "h".repeat(1000),
    "\u001b[2J\u2028",
    "\u202elive\u009b31m\u0085\u2066\u007f",
    "[::]\\",
  ];
  const shots = hosts.flatMap((host) => daily({ host }));
  const silent = hosts.flatMap((host) => daily({ host: `${host}!` }, 50 * DAY));
  const text = textFor({ "/a": [...shots, ...silent] });
  expect(text).not.toMatch(/[\u007f-\u009f\u2028\p{Bidi_Control}]/u);
  const { value } = parseExpectations(parse(text), {
    list: [{ url: "/a", disabled: false }],
    areComplete: true,
  });
  const literals = value.expectations.flatMap(({ hosts: names }) => Array.from(names.literals));
  expect(literals.toSorted()).toEqual([...hosts, ...hosts.map((host) => `${host}!`)].toSorted());
  const gone = hosts.flatMap((host) => daily({ host }, 100 * DAY));
  const [first, ...rest] = suggestionText(suggestFor({ "/a": gone }).suggestions)
    .trimEnd()
    .split("\n");
  expect([first, rest.filter((line) => !line.startsWith("  # "))]).toEqual(["expect: []", []]);
});

test("empty and future snapshots do not count: hosts that have no others are named; hosts without a name are left out", () => {
  const found = suggestFor({
    "/a": [
      ...daily({ host: "web" }),
      { host: "web", at: NOW - 60, files: 0 },
      { host: "web", at: NOW + DAY },
      { host: "", at: NOW },
      { host: "empty", at: NOW - HOUR, files: 0 },
      { host: "ahead", at: NOW + DAY },
    ],
  });
  expect(found).toMatchObject({ hasNameless: true, suggestions: [{ newest: NOW - HOUR }] });
  expect(found.uncounted).toEqual(["ahead", "empty"]);
  expect(found.suggestions).toHaveLength(1);
});

test("sets that are retired are left out, and those that came back named", () => {
  const shots = [...daily({ host: "old" }, 100 * DAY), ...daily({ host: "back" })];
  const retired = [{ hosts: ["old", "back"], since: "2026-05-01" }];
  expect(suggestFor({ "/a": shots }, { retired })).toEqual({
    suggestions: [],
    returned: ["back"],
    uncounted: [],
    hasNameless: false,
  });
});

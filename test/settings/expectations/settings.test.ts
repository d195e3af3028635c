import { expect, test } from "vitest";

import { ResticInstrumentation } from "../../../instrumentation/index.ts";
import { errorOf, settingsOf } from "../../support/agent/settings-file.ts";
import { redactedSettings, settingsSummary } from "../../../src/settings/redacted.ts";
import { shardOf } from "../../../src/settings/shard.ts";

const REPOSITORIES = `repositories:
  - { repo: /srv/a, password: p }
  - { repo: "rest:https://u:SECRET@backups.example.com/b", password: p }
  - { repo: /srv/off, password: p, disabled: true }
`;

const ONE = 'name: a, hosts: ["*"], maxAge: 1d';

test("a complete example is read", async () => {
  const { monitor } = await settingsOf(`${REPOSITORIES}expect:
  - name: servers
    repositories: ["rest:https://backups.example.com/*"]
    hosts: [web-1, db-1]
    users: [root]
    tags: [pg]
    paths: [/var/lib/db]
    maxAge: 1d2h
    minSnapshots: 7
    minFiles: 1
    minBytes: 1GiB
    paused: {until: 2026-12-31}
    allowTime: true
    retention: {last: 3, daily: 7, yearly: unlimited, within: 1y5m7d2h, withinHourly: 2d, tags: ["a,b", c]}
    require: {daily: 5}
  - { name: any, hosts: ["*"], maxAge: 8d, copies: 2 }
  - { name: off, hosts: ["*"], maxAge: 8d, repositories: [/srv/off] }
retired: [{hosts: ["old-*"], since: 2026-05-01}]
rename: [{hosts: ["[0-9a-f]{12}"], as: container}]
groupBy: [paths, tags]
maxSets: 5
maxSlots: 6
`);
  const { expectations, groupBy, maxSets, maxSlots } = monitor;
  expect(expectations?.expectations).toMatchObject([
    {
      name: "servers",
      urls: ["rest:https://backups.example.com/b"],
      hosts: { literals: new Set(["web-1", "db-1"]), globs: [] },
      users: { literals: new Set(["root"]), globs: [] },
      tags: ["pg"],
      paths: ["/var/lib/db"],
      maxAgeMs: 26 * 3_600_000,
      minSnapshots: 7,
      minFiles: 1,
      minBytes: 2 ** 30,
      copies: 1,
      pausedUntil: Date.parse("2026-12-31T00:00:00Z"),
      allowTime: true,
      retention: {
        last: 3,
        counts: new Map([
          ["daily", 7],
          ["yearly", Infinity],
        ]),
        within: new Map([
          [undefined, { years: 1, months: 5, days: 7, hours: 2 }],
          ["hourly", { years: 0, months: 0, days: 2, hours: 0 }],
        ]),
        tags: [["a", "b"], ["c"]],
        groupBy: ["host", "paths"],
      },
      require: new Map([["daily", 5]]),
    },
    {
      name: "any",
      urls: ["/srv/a", "rest:https://backups.example.com/b"],
      hosts: { literals: new Set(), globs: [{ source: "*" }] },
      users: undefined,
      tags: [],
      paths: [],
      minSnapshots: 0,
      copies: 2,
      pausedUntil: undefined,
      allowTime: false,
      retention: undefined,
      require: new Map(),
    },
    { name: "off", urls: [] },
  ]);
  expect(expectations?.retired).toMatchObject([{ since: Date.parse("2026-05-01T00:00:00Z") }]);
  expect(expectations?.renames).toMatchObject([{ as: "container" }]);
  expect({ groupBy, maxSets, maxSlots }).toEqual({
    groupBy: ["tags", "paths"],
    maxSets: 5,
    maxSlots: 6,
  });
});

test("the settings in effect show the expectations as they were written", async () => {
  const settings = await settingsOf(`${REPOSITORIES}expect: [{${ONE}}]\n`);
  expect(settingsSummary(settings)).toMatchObject({ expectations: "a" });
  expect(redactedSettings(settings)).toMatchObject({
    expectations: [{ name: "a", hosts: ["*"], maxAge: "1d" }],
  });
});

test("nothing is expected by default", async () => {
  const { monitor } = await settingsOf(REPOSITORIES);
  expect(monitor).toMatchObject({
    expectations: { expectations: [], retired: [], renames: [] },
    groupBy: [],
    maxSets: 10_000,
    maxSlots: 20_000,
  });
});

test("all problems are reported at once, and an invalid repository is not searched for", async () => {
  const message = await errorOf(`repositories: [{repo: /srv/a}]
expect:
  - {name: a, hosts: [], maxAge: 0, repositories: [/srv/b]}
retired: [{since: 1}]
`);
  expect(message.split("\n").map((line) => line.replace(/^FILE:/, ""))).toEqual([
    expect.stringContaining("1:16: repositories[0] (/srv/a): password is missing"),
    '3:15: expect[0].hosts: must be a list, like ["a", "b"]',
    '3:26: expect[0].maxAge: must be a duration above 0, like "26h" or "8d"',
    '4:11: retired[0]: hosts is missing: a list of names or globs, like ["web-1", "db-*"]',
    '4:12: retired[0].since: must be a date, like "2026-12-31" or "2026-12-31T18:00:00+01:00"',
  ]);
});

test("of thousands of unknown keys some have a message, and the others are counted", async () => {
  const keys = Array.from({ length: 3000 }, (_, index) => `unknown${index}: 1`).join(", ");
  const lines = async (content: string): Promise<readonly string[]> =>
    (await errorOf(content)).split("\n");
  for (const content of [
    `${REPOSITORIES}expect: [{${ONE}, ${keys}}]\n`,
    `${REPOSITORIES}${keys.replaceAll(", ", "\n")}\n`,
    `repositories: [{repo: /srv/a, password: p, ${keys}}]\n`,
    `${REPOSITORIES}otlp: [{endpoint: "http://x", ${keys}}]\n`,
  ]) {
    const problems = await lines(content);
    expect(problems).toHaveLength(20);
    expect(problems.at(-1)).toMatch(/unknown key; .*; and 2980 more unknown keys$/);
  }
});

test("copies in several shards are rejected with the repositories of each shard", async () => {
  const content = `${REPOSITORIES}expect: [{${ONE}, copies: 2}]\n`;
  const [a, b] = ["/srv/a", "rest:https://backups.example.com/b"] as const;
  const total = [2, 3, 4, 5, 6].find((shards) => shardOf(a, shards) !== shardOf(b, shards)) ?? 0;
  expect(await errorOf(content, { args: ["--shard", `0/${total}`] })).toBe(
    `FILE:5:46: expect[0].copies: the repositories are in several shards, and no agent sees all copies: ${a} in shard ${shardOf(a, total)}; ${b} in shard ${shardOf(b, total)}`,
  );
  expect(await errorOf(content, { args: ["--shard", "0/1"] })).toBe("no error");
});

test("an application gets the path of its option", () => {
  const config = {
    repositories: [{ repo: "/srv/a", password: "p" }],
    expect: [{ name: "a", hosts: ["*"], maxAge: "0", repositories: ["/b"] }],
  };
  expect(() => new ResticInstrumentation(config)).toThrow(
    "expect[0].repositories[0]: matches none of the configured repositories, such as /srv/a\n" +
      'expect[0].maxAge: must be a duration with its unit, like "26h" or "8d"',
  );
  const groupBy = ["hosts"] as unknown as ["tags"];
  expect(
    () => new ResticInstrumentation({ repositories: [], groupBy, maxSets: 0, maxSlots: 0.5 }),
  ).toThrow(
    "groupBy: must be [tags], [paths] or [paths, tags]\n" +
      "maxSets: 0: must be a whole number from 1\nmaxSlots: 0.5: must be a whole number from 1",
  );
});

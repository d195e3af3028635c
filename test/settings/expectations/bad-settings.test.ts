import { expect, test } from "vitest";

import { errorOf } from "../../support/agent/settings-file.ts";

/** Four lines. */
const REPOSITORIES = `repositories:
  - { repo: /srv/a, password: p }
  - { repo: "rest:https://u:SECRET@backups.example.com/b", password: p }
  - { repo: /srv/off, password: p, disabled: true }
`;

const MATCHES_NONE =
  "matches none of the configured repositories, such as /srv/a, rest:https://backups.example.com/b, /srv/off";
const ONE = 'name: a, hosts: ["*"], maxAge: 1d';

test.for([
  [
    "a section",
    "expect: {}",
    '5:1: expect: must be a list, like [{name: servers, hosts: ["*"], maxAge: 26h}]',
  ],
  [
    "an entry",
    "retired: [old]",
    '5:11: retired[0]: must be a mapping, like {hosts: ["old-*"], since: 2026-05-01}',
  ],
  [
    "an unknown key",
    `expect: [{${ONE}, maxage: 1d}]`,
    "5:46: expect[0].maxage: unknown key, did you mean maxAge?",
  ],
  [
    "a missing name",
    'expect: [{hosts: ["*"], maxAge: 1d}]',
    "5:10: expect[0]: name is missing: the label of its metrics",
  ],
  [
    "a name",
    'expect: [{name: "Web 1", hosts: ["*"], maxAge: 1d}]',
    "5:11: expect[0].name: must have 1 to 64 of the characters a-z, 0-9, _ and -",
  ],
  [
    "a name twice",
    `expect: [{${ONE}}, {${ONE}}]`,
    "5:48: expect[1].name: is the name of expect[0] too: each expectation needs its own",
  ],
  [
    "missing hosts",
    "expect: [{name: a, maxAge: 1d}]",
    '5:10: expect[0]: hosts is missing: a list of names or globs, like ["web-1", "db-*"]',
  ],
  [
    "hosts that are no list",
    "expect: [{name: a, hosts: web, maxAge: 1d}]",
    '5:20: expect[0].hosts: must be a list, like ["a", "b"]',
  ],
  [
    "a number as host",
    "expect: [{name: a, hosts: [web, 1], maxAge: 1d}]",
    "5:33: expect[0].hosts[1]: must be text: put it in quotes",
  ],
  ["no host", "expect: [{name: a, hosts: [''], maxAge: 1d}]", "5:28: expect[0].hosts[0]: is empty"],
  [
    "a glob",
    'expect: [{name: a, hosts: ["web-[1"], maxAge: 1d}]',
    '5:28: expect[0].hosts[0]: the pattern has a "[" without its "]"',
  ],
  [
    "the same host twice",
    "expect: [{name: a, hosts: [web, db, web], maxAge: 1d}]",
    "5:37: expect[0].hosts[2]: is the same as hosts[0]: remove one of the two",
  ],
  [
    "the same user twice",
    'expect: [{name: a, hosts: ["*"], users: [r, r], maxAge: 1d}]',
    "5:45: expect[0].users[1]: is the same as users[0]: remove one of the two",
  ],
  [
    "a repository glob",
    `expect: [{${ONE}, repositories: [/srv/x*]}]`,
    `5:61: expect[0].repositories[0]: ${MATCHES_NONE}`,
  ],
  [
    "a repository with credentials",
    `expect: [{${ONE}, repositories: ["rest:https://u:SECRET@backups.example.com/b"]}]`,
    `5:61: expect[0].repositories[0]: ${MATCHES_NONE}`,
  ],
  [
    "a missing age",
    'expect: [{name: a, hosts: ["*"]}]',
    '5:10: expect[0]: maxAge is missing: the age at which the newest snapshot is late, like "26h"',
  ],
  [
    "an age of 0",
    'expect: [{name: a, hosts: ["*"], maxAge: 0}]',
    '5:34: expect[0].maxAge: must be a duration above 0, like "26h" or "8d"',
  ],
  [
    "an age of 0s",
    'expect: [{name: a, hosts: ["*"], maxAge: 0s}]',
    '5:34: expect[0].maxAge: must be a duration above 0, like "26h" or "8d"',
  ],
  [
    "an age without unit",
    'expect: [{name: a, hosts: ["*"], maxAge: 26}]',
    '5:34: expect[0].maxAge: must be a duration with its unit, like "26h" or "8d"',
  ],
  [
    "a size",
    `expect: [{${ONE}, minBytes: much}]`,
    '5:46: expect[0].minBytes: must be a size, like "1GiB" or "500MB"',
  ],
  [
    "a policy that is no mapping",
    `expect: [{${ONE}, retention: 7}]`,
    "5:46: expect[0].retention: must be a mapping, like {daily: 7, weekly: 5}",
  ],
  [
    "a policy that keeps nothing",
    `expect: [{${ONE}, retention: {groupBy: [host]}}]`,
    "5:46: expect[0].retention: keeps nothing: name what it keeps, like {daily: 7}",
  ],
  [
    "an unknown rule",
    `expect: [{${ONE}, retention: {dayly: 7, last: 1}}]`,
    "5:58: expect[0].retention.dayly: unknown key, did you mean daily?",
  ],
  [
    "a count of 0",
    `expect: [{${ONE}, retention: {daily: 0}}]`,
    '5:58: expect[0].retention.daily: must be a whole number from 1, or "unlimited"',
  ],
  [
    "a duration that restic does not know",
    `expect: [{${ONE}, retention: {within: 2w}}]`,
    '5:58: expect[0].retention.within: must be a duration of restic above 0, like "14d" or "1y5m7d2h"',
  ],
  [
    "a duration of 0d",
    `expect: [{${ONE}, retention: {withinDaily: 0d}}]`,
    '5:58: expect[0].retention.withinDaily: must be a duration of restic above 0, like "14d" or "1y5m7d2h"',
  ],
  [
    "tags that are no list",
    `expect: [{${ONE}, retention: {tags: a}}]`,
    '5:58: expect[0].retention.tags: must be a list, like ["a", "b"]',
  ],
  [
    "a group that restic does not make",
    `expect: [{${ONE}, retention: {last: 1, groupBy: [user]}}]`,
    "5:67: expect[0].retention.groupBy: must be a list of host, paths, tags, like [host, paths]",
  ],
  [
    "a group twice",
    `expect: [{${ONE}, retention: {last: 1, groupBy: [host, host]}}]`,
    "5:67: expect[0].retention.groupBy: must be a list of host, paths, tags, like [host, paths]",
  ],
  [
    "required periods without a policy",
    `expect: [{${ONE}, require: {weekly: 5}}]`,
    "5:56: expect[0].require.weekly: needs a number in retention.weekly",
  ],
  [
    "required periods of an unlimited policy",
    `expect: [{${ONE}, retention: {weekly: unlimited}, require: {weekly: 5}}]`,
    "5:88: expect[0].require.weekly: needs a number in retention.weekly",
  ],
  [
    "more required periods than are kept",
    `expect: [{${ONE}, retention: {weekly: 4}, require: {weekly: 5}}]`,
    "5:80: expect[0].require.weekly: is 5, but retention.weekly is 4",
  ],
  [
    "a required number of 0",
    `expect: [{${ONE}, retention: {weekly: 4}, require: {weekly: 0}}]`,
    "5:80: expect[0].require.weekly: must be a whole number from 1",
  ],
  [
    "a required count of other snapshots",
    `expect: [{${ONE}, retention: {last: 4}, require: {last: 4}}]`,
    "5:78: expect[0].require.last: unknown key; known keys: hourly, daily, weekly, monthly, yearly",
  ],
  [
    "a number of snapshots",
    `expect: [{${ONE}, minSnapshots: 0}]`,
    "5:46: expect[0].minSnapshots: must be a whole number from 1",
  ],
  [
    "more copies than repositories",
    `expect: [{${ONE}, copies: 4}]`,
    "5:46: expect[0].copies: is 4, but only 3 of the configured repositories match",
  ],
  [
    "more copies than matching repositories",
    `expect: [{${ONE}, copies: 2, repositories: [/srv/a]}]`,
    "5:46: expect[0].copies: is 2, but only 1 of the configured repositories matches",
  ],
  [
    "a pause without an end",
    `expect: [{${ONE}, paused: true}]`,
    '5:46: expect[0].paused: needs the date of its end, like {until: "2026-12-31"}',
  ],
  [
    "an unknown key of a pause",
    `expect: [{${ONE}, paused: {until: 2026-12-31, untill: 2027-12-31}}]`,
    "5:74: expect[0].paused.untill: unknown key, did you mean until?",
  ],
  [
    "an unknown key of retired",
    "retired: [{hosts: [old], sinse: 2026-05-01, since: 2026-05-01}]",
    "5:26: retired[0].sinse: unknown key, did you mean since?",
  ],
  [
    "an unknown key of rename",
    "rename: [{hosts: [a], to: b, as: c}]",
    "5:23: rename[0].to: unknown key; known keys: hosts, as",
  ],
  [
    "the end of a pause",
    `expect: [{${ONE}, paused: {until: 2026-02-30}}]`,
    '5:55: expect[0].paused.until: must be a date, like "2026-12-31" or "2026-12-31T18:00:00+01:00"',
  ],
  [
    "retired without since",
    "retired: [{hosts: [old]}]",
    "5:11: retired[0]: since is missing: a set with a snapshot after this date is not retired",
  ],
  [
    "an expected and retired host",
    `expect: [{name: a, hosts: [web], maxAge: 1d}]\nretired: [{hosts: [web], since: 2026-05-01}]`,
    "5:28: expect[0].hosts[0]: is in retired[0] too: remove one of the two",
  ],
  [
    "a renamed host",
    `expect: [{name: a, hosts: [aa], maxAge: 1d}]\nrename: [{hosts: ["[a-f]{2}"], as: c}]`,
    '5:28: expect[0].hosts[0]: rename[0] names this host "c": use this name',
  ],
  [
    "rename without as",
    "rename: [{hosts: [a]}]",
    "5:10: rename[0]: as is missing: the new name of the hosts",
  ],
  ["groups", "groupBy: [hosts]", "5:1: groupBy: must be [tags], [paths] or [paths, tags]"],
  ["a bound", "maxSlots: 0", "5:1: maxSlots: 0: must be a whole number from 1 to 1000000"],
] as const)("%s with a problem is rejected with its position", async ([, more, message]) => {
  expect(await errorOf(REPOSITORIES + more)).toBe(`FILE:${message}`);
});

import { expect, test } from "vitest";

import { parseFlags } from "../../src/settings/flags.ts";
import { loadSettings } from "../../src/settings/load.ts";
import { refusalOf } from "../support/agent/settings-file.ts";

const WAYS =
  "text, {file: path}, {env: NAME}, {command: [program, …]} or {vault: mount/path, field: name}";
const CHOICES = `must be ${WAYS}`;
const GOOD = '{"repo": "/a", "password": "p"}';

test.for([
  [
    "nothing",
    "",
    "FILE: is empty: a list of repositories, or a mapping with the key repositories, is needed",
  ],
  [
    "comments alone",
    "# none\n",
    "FILE: is empty: a list of repositories, or a mapping with the key repositories, is needed",
  ],
  [
    "truncated JSON",
    `[${GOOD}, {"repo": "/b", "passw`,
    "FILE:1:56: the file ends in the middle: a bracket or a quote is not closed",
  ],
  [
    "a bracket too many",
    `[${GOOD}]]`,
    "FILE:1:34: is neither valid JSON nor YAML here: a bracket, a quote, a comma or a blank too many or missing",
  ],
  [
    "a text",
    '"repo"',
    "FILE:1:1: must be a list of repositories, or a mapping with the key repositories",
  ],
  ["a comment of JSON5", `// mine\n[${GOOD}]`, "FILE:1:1: // begins no comment here: use #"],
  [
    "two documents",
    `- ${GOOD}\n---\n- ${GOOD}\n`,
    "FILE:2:1: a second document begins here: a file has one",
  ],
  [
    "tabs in YAML",
    "repositories:\n\t- repo: /a\n",
    "FILE:2:1: a tab indents nothing in YAML: use blanks",
  ],
  [
    "an unquoted star",
    "cron: */5 * * * *\nrepositories: []\n",
    "FILE:1:7: a value that begins with *, @, & or % must be put in quotes",
  ],
  [
    "a duplicate key",
    '[{"repo": "/a", "repo": "/b", "password": "p"}]',
    "FILE:1:17: the key repo stands here a second time",
  ],
  ["no list", "cron: '@daily'\n", "FILE:1:1: repositories is missing: the list of them"],
  ["a list that is none", "repositories: /a\n", "FILE:1:1: repositories: must be a list"],
  [
    "an unknown setting",
    "repositories: []\nconcurency: 8\n",
    "FILE:2:1: concurency: unknown key, did you mean concurrency?",
  ],
  [
    "a setting in the wrong place",
    `repositories: []\nconfig: x\n`,
    /^FILE:2:1: config: unknown key; known are repositories, otlp, vault, bind, webConfigFile, /,
  ],
  [
    "an entry that is none",
    '["/a"]',
    "FILE:1:2: [0]: must be a mapping with the keys repo and password",
  ],
  [
    "an unknown key",
    '[{"repo": "/a", "pasword": "p"}]',
    `FILE:1:17: [0].pasword: unknown key, did you mean password?\nFILE:1:2: [0]: password is missing: ${WAYS}, or insecure_no_password: true`,
  ],
  [
    "a key in another letter case",
    '[{"Repo": "/a", "password": "p"}]',
    "FILE:1:3: [0].Repo: unknown key, did you mean repo?\nFILE:1:2: [0]: repo is missing: restic's repository string",
  ],
  ["no repo", '[{"password": "p"}]', "FILE:1:2: [0]: repo is missing: restic's repository string"],
  [
    "no password",
    '[{"repo": "/a"}]',
    `FILE:1:2: [0]: password is missing: ${WAYS}, or insecure_no_password: true`,
  ],
  [
    "a password and none",
    '[{"repo": "/a", "password": "p", "insecure_no_password": true}]',
    "FILE:1:34: [0].insecure_no_password: there is a password as well: remove one of the two",
  ],
  [
    "a number as password",
    '[{"repo": "/a", "password": 12345}]',
    `FILE:1:17: [0].password: ${CHOICES}; put it in quotes`,
  ],
  [
    "a list as password",
    '[{"repo": "/a", "password": ["p"]}]',
    `FILE:1:17: [0].password: ${CHOICES}`,
  ],
  [
    "an unknown way to a secret",
    '[{"repo": "/a", "password": {"keyring": "p"}}]',
    `FILE:1:17: [0].password: ${CHOICES}, with no other key`,
  ],
  [
    "two ways to a secret",
    '[{"repo": "/a", "password": {"file": "p", "env": "P"}}]',
    `FILE:1:17: [0].password: ${CHOICES}, with no other key`,
  ],
  [
    "a command as text",
    '[{"repo": "/a", "password": {"command": "pass x"}}]',
    "FILE:1:30: [0].password.command: must be a list of program and arguments",
  ],
  [
    "a variable that is none",
    '[{"repo": "/a", "password": {"env": "A-B"}}]',
    "FILE:1:30: [0].password.env: must be the name of a variable",
  ],
  [
    "Vault without a field",
    '[{"repo": "/a", "password": {"vault": "kv/x"}}]',
    "FILE:1:17: [0].password: must have a field: the name of the value",
  ],
  [
    "Vault without a mount",
    '[{"repo": "/a", "password": {"vault": "x", "field": "key"}}]',
    'FILE:1:17: [0].password: must have "mount/path" as vault',
  ],
  [
    "a text for a truth value",
    '[{"repo": "/a", "password": "p", "disabled": "yes"}]',
    "FILE:1:34: [0].disabled: must be true or false",
  ],
  [
    "a wrong type in a disabled entry",
    '[{"repo": 5, "disabled": true}]',
    "FILE:1:3: [0].repo: must be text: put it in quotes",
  ],
  [
    "an unknown scheme",
    '[{"repo": "ftp://h/a", "password": "p"}]',
    /^FILE:1:3: \[0\]\.repo: repository "ftp:\/\/h\/a": the scheme "ftp" is not known; known are azure, /,
  ],
  [
    "the same repository twice",
    `[${GOOD}, ${GOOD}]`,
    "FILE:1:36: [1].repo: is the same repository as [0]; credentials do not tell two apart",
  ],
  [
    "the same repository twice, and something else",
    '[{"repo": "/a", "password": "p", "x": 1}, {"repo": "/a", "password": "p"}]',
    /^FILE:1:34: \[0\]\.x: unknown key; known are .*\nFILE:1:44: \[1\]\.repo: is the same repository as \[0\]; credentials do not tell two apart$/,
  ],
  [
    "the same but for credentials",
    "repositories:\n  - { repo: 'rest:http://a:b@h/', password: p }\n  - { repo: 'rest:http://c:d@h/', password: q }\n",
    "FILE:3:7: repositories[1].repo: is the same repository as repositories[0]; credentials do not tell two apart",
  ],
  [
    "a password in the environment",
    '[{"repo": "/a", "password": "p", "environment": {"RESTIC_PASSWORD": "q"}}]',
    "FILE:1:50: [0].environment.RESTIC_PASSWORD: is not read here, use the key password",
  ],
  [
    "a bad cron",
    "cron: 0 0 * *\nrepositories: []\n",
    /^FILE:1:1: cron: cron '0 0 \* \*' is not valid: it has 4 fields in place of five \(or six, seconds first\); a good one is/,
  ],
  [
    "a date that never comes",
    "cron: 0 0 31 2 *\nrepositories: []\n",
    /^FILE:1:1: cron: cron '0 0 31 2 \*' is not valid: /,
  ],
  [
    "a bad zone",
    "timezone: Nowhere/City\nrepositories: []\n",
    'FILE:1:1: timezone: "Nowhere/City" is no time zone: use a name like "Europe/Berlin" or "UTC"',
  ],
  [
    "port 70000",
    'bind: ":70000"\nrepositories: []\n',
    "FILE:1:1: bind: port 70000 is not one: the highest is 65535",
  ],
  [
    "a port alone",
    "bind: 9121\nrepositories: []\n",
    'FILE:1:1: bind: must be "host:port", "[::1]:port", ":port" for all interfaces, "unix:/path?mode=0660", a list of these, or "none"',
  ],
  [
    "a duration without its unit",
    "timeout: 30\nrepositories: []\n",
    'FILE:1:1: timeout: must be a duration with its unit, like "30s", "5m" or "1h30m"',
  ],
  [
    "no concurrency",
    "concurrency: 0\nrepositories: []\n",
    "FILE:1:1: concurrency: must be a whole number from 1 to 1000",
  ],
  [
    "a level that is none",
    "logLevel: verbose\nrepositories: []\n",
    "FILE:1:1: logLevel: must be one of debug, info, warn, error",
  ],
  [
    "everything at once",
    "cron: never\ntimeout: 5\nrepositories:\n  - repo: /a\n  - password: 1\n",
    /^FILE:1:1: cron: .*\nFILE:2:1: timeout: .*\nFILE:4:5: repositories\[0\]: password is missing.*\nFILE:5:5: repositories\[1\]\.password: .*\nFILE:5:5: repositories\[1\]: repo is missing.*$/,
  ],
] as const)("%s", async ([, content, message]) => {
  const refused = await refusalOf(content);
  if (typeof message === "string") expect(refused).toBe(message);
  else expect(refused).toMatch(message);
});

test.for([
  [
    "nothing/there.json",
    "nothing/there.json: there is no such file: name one with --config, or set RESTIC_REPOSITORY for a single repository",
  ],
  [".", ".: is a directory: name a file with --config"],
] as const)("the file %s", async ([file, message]) => {
  await expect(loadSettings({ flags: parseFlags(["--config", file]), env: {} })).rejects.toThrow(
    expect.objectContaining({ code: "config", message }),
  );
});

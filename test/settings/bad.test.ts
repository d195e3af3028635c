import { expect, test } from "vitest";

import { parseFlags } from "../../src/settings/flags.ts";
import { loadSettings } from "../../src/settings/load.ts";
import { errorOf } from "../support/agent/settings-file.ts";

const SECRET_FORMS =
  "text, {file: path}, {env: NAME}, {command: [program, …]} or {vault: mount/path, field: name}";
const EXPECTED = `must be ${SECRET_FORMS}`;
const GOOD = '{"repo": "/a", "password": "p"}';

test.for([
  [
    "no content",
    "",
    "FILE: is empty: must be a list of repositories, or a mapping with the key repositories",
  ],
  [
    "only comments",
    "# none\n",
    "FILE: is empty: must be a list of repositories, or a mapping with the key repositories",
  ],
  [
    "truncated JSON",
    `[${GOOD}, {"repo": "/b", "passw`,
    "FILE:1:56: unexpected end of file: a bracket or a quote is not closed",
  ],
  [
    "an extra bracket",
    `[${GOOD}]]`,
    "FILE:1:34: invalid YAML or JSON: check the brackets, quotes, commas and spaces here",
  ],
  [
    "only a string",
    '"repo"',
    "FILE:1:1: must be a list of repositories, or a mapping with the key repositories",
  ],
  ["a JSON5 comment", `// mine\n[${GOOD}]`, "FILE:1:1: // does not start a comment: use #"],
  [
    "two documents",
    `- ${GOOD}\n---\n- ${GOOD}\n`,
    "FILE:2:1: a second YAML document starts here: only one per file is allowed",
  ],
  [
    "tabs in YAML",
    "repositories:\n\t- repo: /a\n",
    "FILE:2:1: YAML does not allow tabs for indentation: use spaces",
  ],
  [
    "an unquoted star",
    "cron: */5 * * * *\nrepositories: []\n",
    "FILE:1:7: a value that begins with !, *, @, & or % must be put in quotes",
  ],
  [
    "a duplicate key",
    '[{"repo": "/a", "repo": "/b", "password": "p"}]',
    "FILE:1:17: the mapping has this key twice: remove one of the two",
  ],
  [
    "no repositories",
    "cron: '@daily'\n",
    "FILE:1:1: repositories is missing: add a list of repositories",
  ],
  ["a string as repositories", "repositories: /a\n", "FILE:1:1: repositories: must be a list"],
  [
    "an unknown setting",
    "repositories: []\nconcurency: 8\n",
    "FILE:2:1: concurency: unknown key, did you mean concurrency?",
  ],
  [
    "a setting that only flags and variables have",
    `repositories: []\nconfig: x\n`,
    /^FILE:2:1: config: unknown key; known keys: repositories, otlp, vault, expect, retired, rename, bind, webConfigFile, /,
  ],
  [
    "a string as entry",
    '["/a"]',
    "FILE:1:2: [0]: must be a mapping with the keys repo and password",
  ],
  [
    "an unknown key",
    '[{"repo": "/a", "pasword": "p"}]',
    `FILE:1:17: [0] (/a).pasword: unknown key, did you mean password?\nFILE:1:2: [0] (/a): password is missing: ${SECRET_FORMS}, or insecure_no_password: true`,
  ],
  [
    "a key in the wrong case",
    '[{"Repo": "/a", "password": "p"}]',
    "FILE:1:3: [0].Repo: unknown key, did you mean repo?\nFILE:1:2: [0]: repo is missing: restic's repository string",
  ],
  ["no repo", '[{"password": "p"}]', "FILE:1:2: [0]: repo is missing: restic's repository string"],
  [
    "no password",
    '[{"repo": "/a"}]',
    `FILE:1:2: [0] (/a): password is missing: ${SECRET_FORMS}, or insecure_no_password: true`,
  ],
  [
    "both a password and insecure_no_password",
    '[{"repo": "/a", "password": "p", "insecure_no_password": true}]',
    "FILE:1:34: [0] (/a).insecure_no_password: a password is set as well: remove one of the two",
  ],
  [
    "a number as password",
    '[{"repo": "/a", "password": 12345}]',
    `FILE:1:17: [0] (/a).password: ${EXPECTED}; put it in quotes`,
  ],
  [
    "a list as password",
    '[{"repo": "/a", "password": ["p"]}]',
    `FILE:1:17: [0] (/a).password: ${EXPECTED}`,
  ],
  [
    "an unknown secret scheme",
    '[{"repo": "/a", "password": {"keyring": "p"}}]',
    `FILE:1:17: [0] (/a).password: ${EXPECTED}, with no other key`,
  ],
  [
    "two secret schemes for one password",
    '[{"repo": "/a", "password": {"file": "p", "env": "P"}}]',
    `FILE:1:17: [0] (/a).password: ${EXPECTED}, with no other key`,
  ],
  [
    "a command as string",
    '[{"repo": "/a", "password": {"command": "pass x"}}]',
    "FILE:1:30: [0] (/a).password.command: must be a list of a program and its arguments",
  ],
  [
    "an invalid variable name",
    '[{"repo": "/a", "password": {"env": "A-B"}}]',
    "FILE:1:30: [0] (/a).password.env: must be the name of a variable",
  ],
  [
    "a Vault reference without field",
    '[{"repo": "/a", "password": {"vault": "kv/x"}}]',
    "FILE:1:17: [0] (/a).password: field must be the name of a value in the secret",
  ],
  [
    "a Vault reference without mount",
    '[{"repo": "/a", "password": {"vault": "x", "field": "key"}}]',
    'FILE:1:17: [0] (/a).password: vault must be "mount/path"',
  ],
  [
    "a string as boolean",
    '[{"repo": "/a", "password": "p", "disabled": "yes"}]',
    "FILE:1:34: [0] (/a).disabled: must be true or false",
  ],
  [
    "a wrong type in a disabled entry",
    '[{"repo": 5, "disabled": true}]',
    "FILE:1:3: [0].repo: must be text: put it in quotes",
  ],
  [
    "an unknown scheme",
    '[{"repo": "ftp://h/a", "password": "p"}]',
    /^FILE:1:3: \[0\]\.repo: repository: unknown scheme, known are azure, /,
  ],
  [
    "the same repository twice",
    `[${GOOD}, ${GOOD}]`,
    "FILE:1:36: [1] (/a).repo: is the same repository as [0] (credentials are not compared): remove one of the two",
  ],
  [
    "the same repository twice and another problem",
    '[{"repo": "/a", "password": "p", "x": 1}, {"repo": "/a", "password": "p"}]',
    /^FILE:1:34: \[0\] \(\/a\)\.x: unknown key; known keys: .*\nFILE:1:44: \[1\] \(\/a\)\.repo: is the same repository as \[0\] \(credentials are not compared\): remove one of the two$/,
  ],
  [
    "two repositories that differ only in credentials",
    "repositories:\n  - { repo: 'rest:http://a:b@h/', password: p }\n  - { repo: 'rest:http://c:d@h/', password: q }\n",
    "FILE:3:7: repositories[1] (rest:http://h/).repo: is the same repository as repositories[0] (credentials are not compared): remove one of the two",
  ],
  [
    "two invalid repositories, which are not compared",
    '[{"repo": "s3:h", "password": "p"}, {"repo": "b2:b", "password": "p"}]',
    /^FILE:1:3: \[0\]\.repo: repository "s3:…": .*\nFILE:1:38: \[1\]\.repo: repository "b2:…": [^\n]*$/,
  ],
  [
    "a password in the environment",
    '[{"repo": "/a", "password": "p", "environment": {"RESTIC_PASSWORD": "q"}}]',
    "FILE:1:50: [0] (/a).environment.RESTIC_PASSWORD: is not allowed here: use the key password",
  ],
  [
    "a cron rule with four fields",
    "cron: 0 0 * *\nrepositories: []\n",
    /^FILE:1:1: cron: invalid cron '0 0 \* \*': expected 5 fields \(or 6, seconds first\), found 4; valid examples: /,
  ],
  [
    "a cron rule that never matches",
    "cron: 0 0 31 2 *\nrepositories: []\n",
    /^FILE:1:1: cron: invalid cron '0 0 31 2 \*': /,
  ],
  [
    "an unknown time zone",
    "timezone: Nowhere/City\nrepositories: []\n",
    'FILE:1:1: timezone: unknown time zone "Nowhere/City": use a name like "Europe/Berlin" or "UTC"',
  ],
  [
    "the port 70000",
    'bind: ":70000"\nrepositories: []\n',
    'FILE:1:1: bind: ":70000": the port is out of range: the maximum is 65535',
  ],
  [
    "a port without colon",
    "bind: 9121\nrepositories: []\n",
    'FILE:1:1: bind: 9121: must be "host:port", "[::1]:port", ":port" for all interfaces, "unix:/path?mode=0660", a list of these, or "none"',
  ],
  [
    "a duration without unit",
    "timeout: 30\nrepositories: []\n",
    'FILE:1:1: timeout: 30: must be a duration with its unit, like "30s", "5m" or "1h30m"',
  ],
  [
    "a concurrency of 0",
    "concurrency: 0\nrepositories: []\n",
    "FILE:1:1: concurrency: 0: must be a whole number from 1 to 1000",
  ],
  [
    "an unknown log level",
    "logLevel: verbose\nrepositories: []\n",
    'FILE:1:1: logLevel: "verbose": must be one of debug, info, warn, error',
  ],
  [
    "several problems",
    "cron: never\ntimeout: 5\nrepositories:\n  - repo: /a\n  - password: 1\n",
    /^FILE:1:1: cron: .*\nFILE:2:1: timeout: .*\nFILE:4:5: repositories\[0\] \(\/a\): password is missing.*\nFILE:5:5: repositories\[1\]\.password: .*\nFILE:5:5: repositories\[1\]: repo is missing.*$/,
  ],
] as const)("a file with %s is rejected", async ([, content, message]) => {
  const actual = await errorOf(content);
  if (typeof message === "string") expect(actual).toBe(message);
  else expect(actual).toMatch(message);
});

test.for([
  [
    "nothing/there.json",
    "nothing/there.json: file not found: name one with --config, or set RESTIC_REPOSITORY for a single repository",
  ],
  [".", ".: is a directory: name a file with --config"],
] as const)("the path %s is rejected", async ([file, message]) => {
  await expect(loadSettings({ flags: parseFlags(["--config", file]), env: {} })).rejects.toThrow(
    expect.objectContaining({ code: "config", message }),
  );
});

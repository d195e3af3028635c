import { expect, test } from "vitest";

import { Secret } from "../../instrumentation/core/secret.ts";
import type { SecretReference } from "../../instrumentation/core/secret.ts";
import type { AgentSettings } from "../../src/settings/load.ts";
import { settingsOf } from "../support/agent/settings-file.ts";

/** The settings of each enabled repository, secrets revealed. */
function repositories({ monitor }: AgentSettings): readonly unknown[] {
  return monitor.repositories.map(({ repo, url, password, environment }) => ({
    repo: repo.revealText(),
    url,
    password: password && revealed(password),
    environment: Object.fromEntries(
      Object.entries(environment).map(([name, reference]) => [name, revealed(reference)]),
    ),
  }));
}

function revealed({ scheme, reference }: SecretReference): unknown {
  return reference instanceof Secret ? reference.revealText() : { [scheme]: reference };
}

const A = '{"repo": "/a", "password": "p"}';
const B = '{"repo": "rest:http://u:x@h/b", "password": "q"}';

test.for([
  ["a list as of restic-reporter", `[${A}, ${B}]`],
  ["trailing commas", `[${A.replace("}", ",}")}, ${B.replace("}", ",}")},]`],
  ["tabs in JSON", `[\n\t{\n\t\t"repo":\t"/a",\n\t\t"password":\t"p"\n\t},\n\t${B}\n]\n`],
  ["Windows line ends", `[\r\n  {"repo": "/a",\r\n  "password": "p"},\r\n  ${B}\r\n]\r\n`],
  ["a byte order mark", `\u{feff}[${A}, ${B}]`],
  ["a mapping in JSON", `{"repositories": [${A}, ${B}]}`],
  ["a mapping in JSON with a trailing comma", `{"repositories": [${A}, ${B},],}`],
  ["a list in YAML", "- repo: /a\n  password: p\n- {repo: 'rest:http://u:x@h/b', password: q}\n"],
  [
    "a mapping in YAML",
    "# mine\nrepositories:\n  - repo: /a\n    password: p # bad\n  - repo: rest:http://u:x@h/b\n    password: q\n",
  ],
  [
    "keys that are false or empty",
    `[${A.replace("}", ', "disabled": false, "insecure_no_password": false, "vault_material": "", "b2_vault_material": "", "b2_account_id": "", "b2_key": ""}')}, ${B}]`,
  ],
] as const)("a file with %s is valid", async ([, content]) => {
  const settings = await settingsOf(content);
  expect(repositories(settings)).toEqual([
    { repo: "/a", url: "/a", password: "p", environment: {} },
    { repo: "rest:http://u:x@h/b", url: "rest:http://h/b", password: "q", environment: {} },
  ]);
  expect(settings.warnings).toEqual([]);
});

test("a list of 1,000 repositories may share one password by YAML aliases", async () => {
  const rest = Array.from({ length: 999 }, (_, index) => `- { repo: /r${index}, password: *p }`);
  const { monitor } = await settingsOf(
    `- { repo: /r, password: &p { file: /pw } }\n${rest.join("\n")}`,
  );
  expect(monitor.repositories).toHaveLength(1000);
});

test("a YAML alias repeats a value", async () => {
  const settings = await settingsOf(
    "- { repo: /a, password: &same { file: pw } }\n- { repo: /b, password: *same }\n",
  );
  expect(repositories(settings)).toMatchObject([
    { password: { file: "pw" } },
    { password: { file: "pw" } },
  ]);
});

/** The keys of an entry beside `repo`; its password; its environment. */
test.for([
  ["a string", '"password": " p\\n"', " p\n", {}],
  ["a file", '"password": {"file": "/run/pw"}', { file: "/run/pw" }, {}],
  ["a variable", '"password": {"env": "PW"}', { env: "PW" }, {}],
  ["a command", '"password": {"command": ["pass", "a b"]}', { command: ["pass", "a b"] }, {}],
  [
    "a Vault reference",
    '"password": {"vault": "kv/x", "field": "key"}',
    { vault: { vault: "kv/x", field: "key" } },
    {},
  ],
  [
    "the short form of a Vault reference",
    '"vault_material": "restic/web"',
    { vault: { vault: "kv/restic/web", field: "key" } },
    {},
  ],
  ["no password", '"insecure_no_password": true', undefined, {}],
  [
    "the B2 keys of the entry",
    '"password": "p", "b2_account_id": "id", "b2_key": {"file": "k"}',
    "p",
    { B2_ACCOUNT_ID: "id", B2_ACCOUNT_KEY: { file: "k" } },
  ],
  [
    "the B2 keys from Vault",
    '"password": "p", "b2_vault_material": "b2/web"',
    "p",
    {
      B2_ACCOUNT_ID: { vault: { vault: "kv/b2/web", field: "id" } },
      B2_ACCOUNT_KEY: { vault: { vault: "kv/b2/web", field: "key" } },
    },
  ],
  [
    "an environment, which takes precedence over the short forms",
    '"password": "p", "b2_account_id": "id", "environment": {"B2_ACCOUNT_ID": "other", "RESTIC_REST_PASSWORD": {"env": "W"}}',
    "p",
    { B2_ACCOUNT_ID: "other", RESTIC_REST_PASSWORD: { env: "W" } },
  ],
] as const)("an entry with %s is valid", async ([, keys, password, environment]) => {
  const settings = await settingsOf(`[{"repo": "/r", ${keys}}]`);
  expect(repositories(settings)).toEqual([{ repo: "/r", url: "/r", password, environment }]);
  expect(settings.warnings).toEqual([]);
});

test("an entry without a password needs insecure_no_password", async () => {
  const { monitor } = await settingsOf('[{"repo": "/r", "insecure_no_password": true}]');
  expect(monitor.repositories[0]).toMatchObject({ insecureNoPassword: true });
});

test("disabled entries are counted, and only their keys and types are checked", async () => {
  const settings = await settingsOf(
    `[${A}, {"disabled": true, "repo": "/a"}, {"disabled": true, "repo": "ftp://h/"},
      {"disabled": true, "repo": "/x", "password": {"env": "NEVER_SET"}}]`,
  );
  expect(repositories(settings)).toMatchObject([{ repo: "/a" }]);
  expect(settings.disabledCount).toBe(3);
  expect(settings.warnings).toEqual([]);
});

test.for([
  ["an empty list", "[]", 0],
  ["an empty list in a mapping", "repositories: []\n", 0],
  ["only a disabled entry", '[{"repo": "/a", "disabled": true}]', 1],
] as const)(
  "no enabled repository causes a warning, not an error: %s",
  async ([, content, disabled]) => {
    const settings = await settingsOf(content);
    expect(settings.monitor.repositories).toEqual([]);
    expect(settings.disabledCount).toBe(disabled);
    expect(settings.warnings).toEqual([
      "FILE: no repository is enabled, there is nothing to collect",
    ]);
  },
);

test("a value that is given twice causes a warning that says which one is used", async () => {
  const settings = await settingsOf(
    `repositories:
  - repo: /a
    password: p
    vault_material: web
  - repo: /b
    password: q
    b2_key: k
    b2_vault_material: web
`,
  );
  expect(repositories(settings)).toEqual([
    { repo: "/a", url: "/a", password: "p", environment: {} },
    { repo: "/b", url: "/b", password: "q", environment: { B2_ACCOUNT_KEY: "k" } },
  ]);
  expect(settings.warnings).toEqual([
    "FILE:4:5: repositories[0] (/a).vault_material: is ignored: password is set",
    "FILE:8:5: repositories[1] (/b).b2_vault_material: is ignored: b2_key is set",
  ]);
});

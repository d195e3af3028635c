import { describe, expect, test } from "vitest";

import { at } from "../support/agent/manifest.ts";
import { errorOf } from "../support/agent/settings-file.ts";
import {
  isValidSettings as isValid,
  SETTINGS_SCHEMA as SCHEMA,
} from "../support/agent/settings-schema.ts";

async function isAccepted(content: string): Promise<boolean> {
  return (await errorOf(content)) === "no error";
}

const ENTRY = "repositories: [{ repo: /a, password: p }]\n";

test.for([
  ["an empty list", "[]"],
  ["a list", '[{"repo": "/a", "password": "p"}, {"repo": "rest:http://h/b", "password": "q"}]'],
  ["a mapping", ENTRY],
  ["a mapping without repositories", "repositories: []"],
  ["a file as password", "- { repo: /a, password: { file: /run/p } }"],
  ["a variable as password", "- { repo: /a, password: { env: PW } }"],
  ["a command as password", "- { repo: /a, password: { command: [pass, a] } }"],
  ["a password in Vault", "- { repo: /a, password: { vault: kv/x, field: key, version: 3 } }"],
  [
    "the form of restic-reporter",
    "- { repo: 'b2:bucket:web', vault_material: web, b2_vault_material: b2 }",
  ],
  ["no password", "- { repo: /a, insecure_no_password: true }"],
  ["a disabled entry", "- { repo: /a, disabled: true }"],
  ["an empty flag", "- { repo: /a, password: p, disabled: }"],
  ["an environment", "- { repo: /a, password: p, environment: { A: x, B: { file: y }, C: '' } }"],
  ["options", "- { repo: /a, password: p, options: { s3.retries: 3, s3.region: eu } }"],
  ["an alias", "- { repo: /a, password: &p { file: x } }\n- { repo: /b, password: *p }"],
  ["several addresses", `bind: [":1", "unix:/x?mode=0660"]\n${ENTRY}`],
  ["no address", `bind: none\n${ENTRY}`],
  ["quoted numbers and booleans", `concurrency: "3"\nspread: "true"\n${ENTRY}`],
  ["a cron rule", `cron: "*/5 * * * *"\ntimezone: Europe/Berlin\n${ENTRY}`],
  ["a shard", `shard: { index: 2, total: 5 }\n${ENTRY}`],
  ["a short shard", `shard: 2/5\n${ENTRY}`],
  ["locks", `locks: {every: 15m}\nrepositories: [{repo: /a, password: p, locks: off}]`],
  ["locks in short", `locks: 15m\nrepositories: [{repo: /a, password: p, locks: false}]`],
  ["OTLP", `otlp: [{ endpoint: "http://c:4318", headers: { a: { env: B } } }]\n${ENTRY}`],
  ["OTLP with TLS", `otlp: [{ endpoint: "https://c", tls: { cert: a, key: b } }]\n${ENTRY}`],
  ["Vault", `vault: { address: "https://v", auth: { method: kubernetes, role: r } }\n${ENTRY}`],
  ["AppRole", `vault: { auth: { method: approle, roleId: { file: r }, secretId: s } }\n${ENTRY}`],
] as const)("schema and agent accept a file with %s", async ([, content]) => {
  expect([isValid(content), await isAccepted(content)]).toEqual([true, true]);
});

test.for([
  ["no content", ""],
  ["text", "repo"],
  ["a syntax error", '[{"repo": "/a"'],
  ["tabs", "repositories:\n\t- repo: /a\n"],
  ["a duplicate key", "- { repo: /a, repo: /b, password: p }"],
  ["an unquoted star", `cron: */5 * * * *\n${ENTRY}`],
  ["no repositories", "cron: '@daily'"],
  ["repositories without a list", "repositories: /a"],
  ["an unknown setting", `concurency: 8\n${ENTRY}`],
  ["the setting of another place", `config: x\n${ENTRY}`],
  ["a string as entry", "[/a]"],
  ["a misspelt key", "- { repo: /a, pasword: p }"],
  ["a key in the wrong case", "- { Repo: /a, password: p }"],
  ["no repo", "- { password: p }"],
  ["an empty repo", "- { repo: '', password: p }"],
  ["locks without a unit", `locks: {every: 15}\n${ENTRY}`],
  ["locks with another key", "- { repo: /a, password: p, locks: {every: 15m, at: 3m} }"],
  ["no password", "- { repo: /a }"],
  ["an empty password", "- { repo: /a, password: '' }"],
  ["a password too many", "- { repo: /a, password: p, insecure_no_password: true }"],
  ["a number as password", "- { repo: /a, password: 12345 }"],
  ["an unknown kind of secret", "- { repo: /a, password: { keyring: p } }"],
  ["two kinds of secret", "- { repo: /a, password: { file: p, env: P } }"],
  ["a command as text", "- { repo: /a, password: { command: pass x } }"],
  ["an invalid variable", "- { repo: /a, password: { env: A-B } }"],
  ["a password in Vault without field", "- { repo: /a, password: { vault: kv/x } }"],
  ["a password in Vault without mount", "- { repo: /a, password: { vault: x, field: f } }"],
  ["text as flag", "- { repo: /a, password: p, disabled: 'yes' }"],
  ["a variable of another key", "- { repo: /a, password: p, environment: { RESTIC_PASSWORD: q } }"],
  ["a block comment", "/* mine */\n- { repo: /a, password: p }"],
  ["a mapping in an environment", "- { repo: /a, password: p, environment: { A: { b: c } } }"],
  ["a missing blank", "- {repo:/a, password:p}"],
  ["a missing blank in an environment", "- { repo: /a, password: p, environment: { A:b } }"],
  ["an unknown option", "- { repo: /a, password: p, options: { s3.regoin: eu } }"],
  ["no connections", "- { repo: /a, password: p, connections: 0 }"],
  ["a port alone", `bind: 9121\n${ENTRY}`],
  ["a duration without unit", `timeout: 30\n${ENTRY}`],
  ["a duration of zero", `timeout: 0s\n${ENTRY}`],
  ["a concurrency of 0", `concurrency: 0\n${ENTRY}`],
  ["an unknown log level", `logLevel: verbose\n${ENTRY}`],
  ["a path of the agent", `telemetryPath: /-/healthy\n${ENTRY}`],
  ["one number of a shard", `shard: { index: 2 }\n${ENTRY}`],
  ["OTLP without endpoint", `otlp: [{ protocol: http/json }]\n${ENTRY}`],
  ["gRPC", `otlp: [{ endpoint: "http://c:4317", protocol: grpc }]\n${ENTRY}`],
  ["a login in an endpoint", `otlp: [{ endpoint: "http://u:p@c" }]\n${ENTRY}`],
  ["half of a client certificate", `otlp: [{ endpoint: "https://c", tls: { cert: a } }]\n${ENTRY}`],
  ["an unknown login at Vault", `vault: { auth: { method: ldap } }\n${ENTRY}`],
  ["a key of another login", `vault: { auth: { method: token, roleId: x } }\n${ENTRY}`],
  ["Vault as text", `vault: "https://v"\n${ENTRY}`],
] as const)("schema and agent reject a file with %s", async ([, content]) => {
  expect([isValid(content), await isAccepted(content)]).toEqual([false, false]);
});

/** Kinds of values; each is right for some keys. */
const VALUES: readonly unknown[] = JSON.parse(`[
  null, true, false, 0, 1, 1.5, -1, "", " ", "1", "x", "true", "5m", "/x", "a/b", "1/2", ":9121",
  "https://h:1/x", "grpc", "none", "UTC", [], ["x"], [1], {}, { "file": "x" }, { "x": 1 }
]`);

const FILE = ["anyOf", 0, "properties"] as const;
const ENTRIES = ["definitions", "repository", "properties"] as const;
const OTLP = [...FILE, "otlp", "items", "properties"] as const;
const VAULT = [...FILE, "vault", "properties"] as const;
const ENDPOINT = { endpoint: "http://c" };
const SECTIONS = [
  ["expect", { name: "a", hosts: ["*"], maxAge: "1d" }],
  ["retired", { hosts: ["a"], since: "2026-05-01" }],
  ["rename", { hosts: ["a"], as: "b" }],
] as const;
const PERIODS = ["hourly", "daily", "weekly", "monthly", "yearly"] as const;
const EVERY_PERIOD = Object.fromEntries(PERIODS.map((period) => [period, 9]));
const REFERENCES = [
  { file: "x" },
  { env: "X" },
  { command: ["x"] },
  { vault: "a/b", field: "c" },
] as const;
const LOGINS = [
  { method: "token", token: "t" },
  { method: "approle", roleId: "r" },
  { method: "kubernetes", role: "r" },
  { method: "jwt", jwt: "j" },
  { method: "cert" },
  { method: "none" },
] as const;

type Place = readonly [name: string, keys: unknown, file: (value: object) => object];

/** Every mapping of a settings file: its keys, and a file that is valid but for the mapping. */
const PLACES: readonly Place[] = [
  ["file", at(SCHEMA, ...FILE), (value) => ({ repositories: [], ...value })],
  ["entry", at(SCHEMA, ...ENTRIES), (value) => [{ repo: "/a", password: "p", ...value }]],
  ["disabled", at(SCHEMA, ...ENTRIES), (value) => [{ repo: "/a", disabled: true, ...value }]],
  ...REFERENCES.map((reference, index): Place => [
    `secret.${Object.keys(reference)[0]}`,
    at(SCHEMA, "definitions", "secret", "anyOf", index + 1, "properties"),
    (value) => [{ repo: "/a", password: { ...reference, ...value } }],
  ]),
  [
    "otlp",
    at(SCHEMA, ...OTLP),
    (value) => ({ repositories: [], otlp: [{ ...ENDPOINT, ...value }] }),
  ],
  [
    "otlp.tls",
    at(SCHEMA, ...OTLP, "tls", "properties"),
    (tls) => ({ repositories: [], otlp: [{ ...ENDPOINT, tls: { cert: "a", key: "b", ...tls } }] }),
  ],
  ...SECTIONS.map(([section, entry]): Place => [
    section,
    at(SCHEMA, ...FILE, section, "items", "properties"),
    (value) => ({ repositories: [], [section]: [{ ...entry, ...value }] }),
  ]),
  [
    "retention",
    at(SCHEMA, ...FILE, "expect", "items", "properties", "retention", "properties"),
    (value) => ({
      repositories: [],
      expect: [{ ...SECTIONS[0][1], retention: { daily: 1, ...value } }],
    }),
  ],
  [
    "require",
    at(SCHEMA, ...FILE, "expect", "items", "properties", "require", "properties"),
    (value) => ({
      repositories: [],
      expect: [{ ...SECTIONS[0][1], retention: EVERY_PERIOD, require: value }],
    }),
  ],
  [
    "vault",
    at(SCHEMA, ...VAULT),
    (value) => ({ repositories: [], vault: { address: "https://v", ...value } }),
  ],
  [
    "vault.tls",
    at(SCHEMA, ...VAULT, "tls", "properties"),
    (tls) => ({ repositories: [], vault: { tls: { cert: "a", key: "b", ...tls } } }),
  ],
  ...LOGINS.map((login, index): Place => [
    `vault.auth.${login.method}`,
    at(SCHEMA, ...VAULT, "auth", "anyOf", index, "properties"),
    (auth) => ({
      repositories: [],
      vault: { tls: { cert: "a", key: "b" }, auth: { ...login, ...auth } },
    }),
  ]),
];

/** Keys whose values a schema cannot check in full: the agent alone knows more of them. */
const CHECKED_BY_THE_AGENT: ReadonlySet<string> = new Set([
  "file.bind",
  "file.timezone",
  "entry.repo",
  "expect.repositories",
  "retired.repositories",
  "secret.vault.vault",
  "vault.tls.cert",
  "vault.tls.key",
  "vault.auth.approle.mount",
  "vault.auth.approle.wrapped",
  "vault.auth.kubernetes.mount",
  "vault.auth.jwt.mount",
  "vault.auth.cert.mount",
]);

describe("each kind of value at each key", () => {
  test.for(PLACES)("%s", async ([name, keys, file]) => {
    const differences: string[] = [];
    for (const key of Object.keys(Object(keys)))
      for (const value of VALUES) {
        const content = JSON.stringify(file({ [key]: value }));
        const accepted = await isAccepted(content);
        const place = `${name}.${key}`;
        if (isValid(content) === accepted) continue;
        if (accepted || !CHECKED_BY_THE_AGENT.has(place))
          differences.push(
            `${place}: ${accepted ? "only the agent" : "only the schema"} accepts ${JSON.stringify(value)}`,
          );
      }
    expect(Object.keys(Object(keys))).not.toEqual([]);
    expect(differences).toEqual([]);
  });
});

test("the schema has exactly the keys that the agent knows", async () => {
  const unknown = [
    [at(SCHEMA, ...FILE), "repositories: []\nqqqqqqqqqqqq: 1"],
    [at(SCHEMA, ...ENTRIES), "- { repo: /a, password: p, qqqqqqqqqqqq: 1 }"],
    [at(SCHEMA, ...OTLP), 'repositories: []\notlp: [{ endpoint: "http://c", qqqqqqqqqqqq: 1 }]'],
    [at(SCHEMA, ...VAULT), "repositories: []\nvault: { qqqqqqqqqqqq: 1 }"],
  ] as const;
  for (const [keys, file] of unknown) {
    const [, known = ""] = /unknown key; known keys: (.*)$/.exec(await errorOf(file)) ?? [];
    expect(known.split(", ").toSorted()).toEqual(Object.keys(Object(keys)).toSorted());
  }
});

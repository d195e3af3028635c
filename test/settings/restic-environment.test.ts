import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { Secret } from "../../instrumentation/core/secret.ts";
import type { AgentSettings } from "../../src/settings/load.ts";
import { parseFlags } from "../../src/settings/flags.ts";
import { loadSettings } from "../../src/settings/load.ts";
import { settingsOf } from "../support/agent/settings-file.ts";

let folder: string;
let before: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "restic-environment-"));
  before = process.cwd();
  // chdir() does not work in worker threads: vitest must run tests in processes.
  process.chdir(folder);
});

afterEach(async () => {
  process.chdir(before);
  await rm(folder, { recursive: true });
});

const load = (env: Readonly<Record<string, string>>): Promise<AgentSettings> =>
  loadSettings({ flags: parseFlags([]), env });

/** Source, repository, password and environment of the only entry. */
function only({ monitor, source }: AgentSettings): unknown {
  const [repository, ...others] = monitor.repositories;
  expect(others).toEqual([]);
  const { scheme, reference } = repository?.password ?? {};
  return {
    source,
    repo: repository?.repo.revealText(),
    password: { [scheme ?? ""]: reference instanceof Secret ? "text" : reference },
    environment: Object.keys(repository?.environment ?? {}),
  };
}

test.for([
  [{ RESTIC_PASSWORD: "p" }, { env: "RESTIC_PASSWORD" }],
  [{ RESTIC_PASSWORD_FILE: "/run/pw" }, { file: "/run/pw" }],
  [{ RESTIC_PASSWORD_FILE: "/run/pw", RESTIC_PASSWORD: "p" }, { file: "/run/pw" }],
  [{ RESTIC_PASSWORD_COMMAND: "pass 'my repo' x" }, { command: ["pass", "my repo", "x"] }],
  [{ RESTIC_PASSWORD_COMMAND: "pass x", RESTIC_PASSWORD: "p" }, { command: ["pass", "x"] }],
] as const)("the password variables have the precedence of restic: %j", async ([env, password]) => {
  const settings = await load({ RESTIC_REPOSITORY: "/srv/r", ...env });
  expect(only(settings)).toEqual({
    source: "environment",
    repo: "/srv/r",
    password,
    environment: [],
  });
  expect(settings.warnings).toEqual([]);
});

test("RESTIC_REPOSITORY_FILE names a file with the repository, and white space around it is removed", async () => {
  await writeFile("repo", " rest:http://h/r \n");
  const env = { RESTIC_REPOSITORY_FILE: "repo", RESTIC_PASSWORD: "p" };
  expect(only(await load(env))).toMatchObject({ repo: "rest:http://h/r" });
});

test("the repository gets logins and certificates of the environment, and no other variables", async () => {
  const env = {
    RESTIC_REPOSITORY: "rest:http://h/r",
    RESTIC_PASSWORD: "p",
    RESTIC_REST_USERNAME: "u",
    RESTIC_REST_PASSWORD: "w",
    RESTIC_CACERT: "/ca.pem",
    RESTIC_KEY_HINT: "ab",
    RESTIC_CACHE_DIR: "/c",
    HOME: "/root",
  };
  expect(only(await load(env))).toMatchObject({
    environment: [
      "RESTIC_REST_USERNAME",
      "RESTIC_REST_PASSWORD",
      "RESTIC_CACERT",
      "RESTIC_KEY_HINT",
    ],
  });
});

test("repositories of a file get no logins and certificates of the environment", async () => {
  const { monitor } = await settingsOf('[{"repo": "rest:http://h/r", "password": "p"}]', {
    env: { RESTIC_REST_USERNAME: "u", RESTIC_REST_PASSWORD: "w", RESTIC_CACERT: "/ca.pem" },
  });
  expect(monitor.repositories[0]?.environment).toEqual({});
});

test("a file at the default path takes precedence over RESTIC_REPOSITORY, with a warning", async () => {
  await writeFile("config.json", '[{"repo": "/b", "password": "q"}]');
  const settings = await load({ RESTIC_REPOSITORY: "/a", RESTIC_PASSWORD: "p" });
  expect(only(settings)).toMatchObject({ source: "config.json", repo: "/b" });
  expect(settings.warnings).toEqual(["RESTIC_REPOSITORY is ignored: config.json takes precedence"]);
});

test("RESTIC_OTEL_* variables are used without a file too", async () => {
  const { monitor } = await load({
    RESTIC_REPOSITORY: "/a",
    RESTIC_PASSWORD: "p",
    RESTIC_OTEL_CRON: "@hourly",
  });
  expect(monitor.cron).toBe("@hourly");
});

test.for([
  [
    "no file and no repository",
    {},
    "config.json: file not found: name one with --config, or set RESTIC_REPOSITORY for a single repository",
  ],
  [
    "a missing file that is named",
    { RESTIC_OTEL_CONFIG: "mine.yaml", RESTIC_REPOSITORY: "/a", RESTIC_PASSWORD: "p" },
    "mine.yaml: file not found: name one with --config, or set RESTIC_REPOSITORY for a single repository",
  ],
  [
    "no password",
    { RESTIC_REPOSITORY: "/a" },
    "no password for RESTIC_REPOSITORY: set RESTIC_PASSWORD_FILE, RESTIC_PASSWORD_COMMAND or RESTIC_PASSWORD",
  ],
  [
    "two sources for the repository and two for the password",
    {
      RESTIC_REPOSITORY: "/a",
      RESTIC_REPOSITORY_FILE: "a",
      RESTIC_PASSWORD_FILE: "p",
      RESTIC_PASSWORD_COMMAND: "p",
    },
    "RESTIC_REPOSITORY and RESTIC_REPOSITORY_FILE are both set: unset one\nRESTIC_PASSWORD_COMMAND and RESTIC_PASSWORD_FILE are both set: unset one",
  ],
  [
    "an unclosed quote",
    { RESTIC_REPOSITORY: "/a", RESTIC_PASSWORD_COMMAND: "pass 'CANARY" },
    "RESTIC_PASSWORD_COMMAND: a quote ' is not closed",
  ],
  [
    "a missing repository file",
    { RESTIC_REPOSITORY_FILE: "repo", RESTIC_PASSWORD: "p" },
    "RESTIC_REPOSITORY_FILE: the named file does not exist",
  ],
  [
    "an invalid repository",
    { RESTIC_REPOSITORY: "rest:http://u:CANARY@h:99999/", RESTIC_PASSWORD: "p" },
    'RESTIC_REPOSITORY: repository "rest:…": the address is invalid; special characters in user and password must be percent-encoded',
  ],
] as const)("%s is rejected", async ([, env, message]) => {
  await expect(load(env)).rejects.toThrow(expect.objectContaining({ code: "config", message }));
});

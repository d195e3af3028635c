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
  folder = await mkdtemp(join(tmpdir(), "zero-"));
  before = process.cwd();
  // A worker thread cannot change its folder; vitest runs tests in processes.
  process.chdir(folder);
});

afterEach(async () => {
  process.chdir(before);
  await rm(folder, { recursive: true });
});

const load = (env: Readonly<Record<string, string>>): Promise<AgentSettings> =>
  loadSettings({ flags: parseFlags([]), env });

/** Repository, password and environment of the only one. */
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
] as const)("one repository, and its password: %j", async ([env, password]) => {
  const settings = await load({ RESTIC_REPOSITORY: "/srv/r", ...env });
  expect(only(settings)).toEqual({
    source: "environment",
    repo: "/srv/r",
    password,
    environment: [],
  });
  expect(settings.warnings).toEqual([]);
});

test("the repository may stand in a file, white space around it", async () => {
  await writeFile("repo", " rest:http://h/r \n");
  const env = { RESTIC_REPOSITORY_FILE: "repo", RESTIC_PASSWORD: "p" };
  expect(only(await load(env))).toMatchObject({ repo: "rest:http://h/r" });
});

test("logins and certificates of the environment go along, and nothing else of it", async () => {
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

test("they do not go to the repositories of a file", async () => {
  const { monitor } = await settingsOf('[{"repo": "rest:http://h/r", "password": "p"}]', {
    env: { RESTIC_REST_USERNAME: "u", RESTIC_REST_PASSWORD: "w", RESTIC_CACERT: "/ca.pem" },
  });
  expect(monitor.repositories[0]?.environment).toEqual({});
});

test("a file in the default place wins, and says so once", async () => {
  await writeFile("config.json", '[{"repo": "/b", "password": "q"}]');
  const settings = await load({ RESTIC_REPOSITORY: "/a", RESTIC_PASSWORD: "p" });
  expect(only(settings)).toMatchObject({ source: "config.json", repo: "/b" });
  expect(settings.warnings).toEqual(["RESTIC_REPOSITORY is not used, config.json wins"]);
});

test("settings of the agent hold without a file too", async () => {
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
    "config.json: there is no such file: name one with --config, or set RESTIC_REPOSITORY for a single repository",
  ],
  [
    "a file that is named is not there",
    { RESTIC_OTEL_CONFIG: "mine.yaml", RESTIC_REPOSITORY: "/a", RESTIC_PASSWORD: "p" },
    "mine.yaml: there is no such file: name one with --config, or set RESTIC_REPOSITORY for a single repository",
  ],
  [
    "no password",
    { RESTIC_REPOSITORY: "/a" },
    "there is no password for RESTIC_REPOSITORY: set RESTIC_PASSWORD_FILE, RESTIC_PASSWORD_COMMAND or RESTIC_PASSWORD",
  ],
  [
    "each of two twice",
    {
      RESTIC_REPOSITORY: "/a",
      RESTIC_REPOSITORY_FILE: "a",
      RESTIC_PASSWORD_FILE: "p",
      RESTIC_PASSWORD_COMMAND: "p",
    },
    "RESTIC_REPOSITORY and RESTIC_REPOSITORY_FILE are both set: unset one\nRESTIC_PASSWORD_COMMAND and RESTIC_PASSWORD_FILE are both set: unset one",
  ],
  [
    "a quote that is not closed",
    { RESTIC_REPOSITORY: "/a", RESTIC_PASSWORD_COMMAND: "pass 'CANARY" },
    "RESTIC_PASSWORD_COMMAND: a quote ' is not closed",
  ],
  [
    "a file with the repository that is not there",
    { RESTIC_REPOSITORY_FILE: "repo", RESTIC_PASSWORD: "p" },
    "RESTIC_REPOSITORY_FILE: the file repo is not there",
  ],
  [
    "a repository that is none",
    { RESTIC_REPOSITORY: "rest:http://u:CANARY@h:99999/", RESTIC_PASSWORD: "p" },
    'RESTIC_REPOSITORY: repository "rest:http://h:99999/": it is not a valid address; special characters of user and password must be percent-encoded',
  ],
] as const)("%s", async ([, env, message]) => {
  await expect(load(env)).rejects.toThrow(expect.objectContaining({ code: "config", message }));
});

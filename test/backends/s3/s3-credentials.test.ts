import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";

import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { failureOf } from "../../support/core/failure.ts";
import { FakeS3 } from "../../support/backends/fake-s3.ts";
import { FaultServer } from "../../support/http/fault-server.ts";
import { openS3At } from "../../support/backends/s3-backend.ts";

const { signal } = new AbortController();

let home: string;
let server: FaultServer;
let clock: FakeClock;
let s3: FakeS3;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "home-"));
  await mkdir(join(home, ".aws"));
  await mkdir(join(home, ".mc"));
  await writeFile(
    join(home, ".aws/credentials"),
    "# mine\n[default]\naws_access_key_id = DEFAULTKEY\naws_secret_access_key = default/secret=\n\n[ other ]\nAWS_ACCESS_KEY_ID=OTHERKEY\naws_secret_access_key=other secret\naws_session_token = other token\n[half]\naws_access_key_id = HALF\n[process]\ncredential_process = /bin/keys now\n",
  );
  await writeFile(
    join(home, ".mc/config.json"),
    JSON.stringify({
      version: "10",
      aliases: { s3: { accessKey: "MCKEY", secretKey: "mc secret" }, old: { url: "http://h" } },
    }),
  );
});

afterAll(() => rm(home, { recursive: true }));

beforeEach(async () => {
  server = await FaultServer.start();
  clock = new FakeClock();
  s3 = new FakeS3(() => clock.now());
  server.answers(s3.serve);
  s3.files = new Map([["config", Buffer.from("c")]]);
});

afterEach(() => server.stop());

/** No instance role and no files of this machine. */
const ALONE = { AWS_EC2_METADATA_DISABLED: "true", HOME: "/nowhere" };

function open(
  environment: Readonly<Record<string, string>>,
  processEnvironment: Readonly<Record<string, string>> = {},
): Promise<Backend> {
  return openS3At(`s3:${server.url}/bucket`, {
    environment: { ...ALONE, ...environment },
    processEnvironment,
    clock,
  });
}

const load = async (environment: Readonly<Record<string, string>>): Promise<number> =>
  (await (await open(environment)).load("config", "", signal)).length;

test.for([
  ["AWS", { AWS_ACCESS_KEY_ID: "K", AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "t" }, "t"],
  ["AWS, old names", { AWS_ACCESS_KEY: "K", AWS_SECRET_KEY: "s" }, undefined],
  ["MinIO", { MINIO_ROOT_USER: "K", MINIO_ROOT_PASSWORD: "s" }, undefined],
  ["MinIO, old names", { MINIO_ACCESS_KEY: "K", MINIO_SECRET_KEY: "s" }, undefined],
] as const)("credentials in variables of %s", async ([, environment, token]) => {
  s3.accounts.set("K", { secret: "s", ...(token !== undefined && { token }) });
  expect(await load(environment)).toBe(1);
});

test.for([
  ["the default profile", {}, "DEFAULTKEY", { secret: "default/secret=" }],
  [
    "another profile",
    { AWS_PROFILE: "other" },
    "OTHERKEY",
    { secret: "other secret", token: "other token" },
  ],
  [
    "another file",
    { AWS_SHARED_CREDENTIALS_FILE: "HOME/.aws/credentials", HOME: "/x" },
    "DEFAULTKEY",
    { secret: "default/secret=" },
  ],
  ["the file of MinIO's client", { AWS_PROFILE: "half" }, "MCKEY", { secret: "mc secret" }],
] as const)("credentials in %s", async ([, variables, key, account]) => {
  s3.accounts.set(key, account);
  const here = Object.entries({ HOME: home, ...variables });
  const environment = here.map(([name, value]) => [name, value.replace("HOME", home)]);
  expect(await load(Object.fromEntries(environment))).toBe(1);
});

test("the credentials file is read again when its keys are rejected", async () => {
  const file = join(home, "rotated");
  const write = (key: string): Promise<void> =>
    writeFile(file, `[default]\naws_access_key_id=${key}\naws_secret_access_key=s\n`);
  await write("OLD");
  s3.accounts.set("OLD", { secret: "s" });
  const backend = await open({ AWS_SHARED_CREDENTIALS_FILE: file });
  await backend.load("config", "", signal);
  s3.accounts.clear();
  s3.accounts.set("NEW", { secret: "s" });
  expect(await failureOf(backend.load("config", "", signal))).toMatch(
    /^denied: .*InvalidAccessKeyId/,
  );
  await write("NEW");
  expect(await backend.load("config", "", signal)).toHaveLength(1);
});

test("without credentials the message lists all places that were tried", async () => {
  expect(
    await failureOf(
      (
        await open({
          HOME: home,
          AWS_PROFILE: "half",
          MINIO_ALIAS: "old",
          AWS_ACCESS_KEY_ID: "K",
        })
      ).load("config", "", signal),
    ),
  ).toBe(
    `config: ${server.url}/bucket/: no credentials found: AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is not set, the profile half of ${home}/.aws/credentials lacks aws_access_key_id or aws_secret_access_key, ${home}/.mc/config.json has no keys for the alias old, the instance role is disabled (AWS_EC2_METADATA_DISABLED); for a public bucket set the option s3.unsafe-anonymous-auth`,
  );
  expect(server.requests).toEqual([]);
});

test("a profile that only the SDK of AWS supports names the package to install", async () => {
  expect(await failureOf(load({ HOME: home, AWS_PROFILE: "process", MINIO_ALIAS: "old" }))).toBe(
    `config: ${server.url}/bucket/: the profile process with credential_process needs the package @aws-sdk/credential-providers: npm install @aws-sdk/credential-providers`,
  );
});

test("a session token that expires during a listing is denied, so that the secret is resolved again", async () => {
  const names = Array.from({ length: 1500 }, (_, index) => `${index}`.padStart(64, "0"));
  s3.files = new Map(names.map((name) => [`keys/${name}`, Buffer.from("k")]));
  s3.accounts.set("K", { secret: "s", token: "t" });
  const backend = await open({
    AWS_ACCESS_KEY_ID: "K",
    AWS_SECRET_ACCESS_KEY: "s",
    AWS_SESSION_TOKEN: "t",
  });
  const { next } = await backend.list("keys", undefined, signal);
  s3.expired.add("t");
  expect(await failureOf(backend.list("keys", next, signal))).toBe(
    `denied: ${server.url}/bucket/keys/: access denied (400 ExpiredToken): the session token has expired, set new keys`,
  );
});

test("each repository uses its own keys, else those of the process", async () => {
  const process = {
    AWS_ACCESS_KEY_ID: "PROCESS",
    AWS_SECRET_ACCESS_KEY: "p",
    AWS_SESSION_TOKEN: "pt",
  };
  s3.accounts.set("PROCESS", { secret: "p", token: "pt" });
  s3.accounts.set("ONE", { secret: "1" });
  s3.accounts.set("TWO", { secret: "2" });
  const keys = (id: string, secret: string) => ({
    AWS_ACCESS_KEY_ID: id,
    AWS_SECRET_ACCESS_KEY: secret,
  });
  const backends = [await open(keys("ONE", "1"), process), await open(keys("TWO", "2"), process)];
  backends.push(await openS3At(`s3:${server.url}/bucket`, { processEnvironment: process, clock }));
  await Promise.all(backends.map((backend) => backend.load("config", "", signal)));
  const used = server.requests.map(
    ({ headers }) => /Credential=(\w+)/.exec(headers.authorization ?? "")?.[1],
  );
  expect(new Set(used)).toEqual(new Set(["ONE", "PROCESS", "TWO"]));
  await expect(
    (await open({ AWS_ACCESS_KEY_ID: "ONE" }, process)).load("config", "", signal),
  ).rejects.toThrow("no credentials found");
});

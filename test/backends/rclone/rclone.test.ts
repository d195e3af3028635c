import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Backend } from "../../../instrumentation/backends/backend.ts";
import type { ContextOptions } from "../../support/backends/backend-context.ts";
import { backendSuite } from "../../support/backends/backend-suite.ts";
import { openChildAt } from "../../support/backends/child-backend.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { failureOf } from "../../support/core/failure.ts";
import { repositoryFolder } from "../../support/repository/repository-folder.ts";

const { signal } = new AbortController();
const FAKE = join(import.meta.dirname, "../../support/backends/fake-rclone.ts");

let folder: string;
let opened: Backend[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rclone-"));
  opened = [];
});

afterEach(async () => {
  for (const backend of opened) await backend.close?.();
  await rm(folder, { recursive: true });
});

function open(
  fault = "",
  environment: Readonly<Record<string, string>> = {},
  clock = new FakeClock(),
  { options = {}, ...more }: ContextOptions = {},
): Backend {
  const backend = openChildAt(`rclone:${folder}`, {
    ...more,
    options: { "rclone.program": `${process.execPath} ${FAKE} "${fault}"`, ...options },
    environment: { FAKE_LOG: join(folder, "log"), ...environment },
    clock,
  });
  opened.push(backend);
  return backend;
}

async function log(): Promise<readonly string[]> {
  return (await readFile(join(folder, "log"), "utf8").catch(() => "")).trim().split("\n");
}

backendSuite("rclone", async (files) => {
  await repositoryFolder(files, folder);
  return open();
});

test("rclone is started once, as by restic, and gets one request for each call", async () => {
  await repositoryFolder(new Map([["config", Buffer.from("c")]]), folder);
  const backend = open();
  await backend.load("config", "", signal);
  await backend.list("keys", undefined, signal);
  const accept = "application/vnd.x.restic.rest.v2";
  const args = JSON.stringify(["serve", "restic", "--stdio", "--b2-hard-delete", folder]);
  expect(await log()).toEqual([args, `GET /config ${accept}`, `GET /keys/ ${accept}`]);
  await backend.close?.();
  await backend.load("config", "", signal);
  expect((await log()).filter((line) => line === args)).toHaveLength(2);
});

test("the options rclone.program and rclone.args replace program and arguments", async () => {
  const options = {
    "rclone.program": `${process.execPath} ${FAKE}`,
    "rclone.args": "serve 'a b' -v",
  };
  const environment = { FAKE_LOG: join(folder, "log") };
  const backend = openChildAt(`rclone:${folder}`, { options, environment });
  opened.push(backend);
  await failureOf(backend.load("config", "", signal));
  expect(await log()).toContain(JSON.stringify(["serve", "a b", "-v", folder]));
});

describe("an rclone that", () => {
  const place = (): string => `rclone:${folder}`;

  test("is missing is a failure of the settings", async () => {
    const options = { "rclone.program": "/not/there" };
    const backend = openChildAt("rclone:r:p", { options });
    expect(await failureOf(backend.load("config", "", signal))).toBe(
      "config: rclone:r:p: the program /not/there was not found: install rclone, or set the option rclone.program",
    );
  });

  test.for([
    [
      `2026/01/02 03:04:05 CRITICAL: Failed to create file system for "r:": didn't find section in config file ("r")\n`,
      "config",
      `CRITICAL: Failed to create file system for "r:": didn't find section in config file ("r")`,
      ": fix rclone.conf, RCLONE_CONFIG_* or the options rclone.program and rclone.args",
    ],
    ["x: AccessDenied: no\n", "denied", "x: AccessDenied: no", ""],
    [
      "Error 403: downloadQuotaExceeded\n",
      "transient unreachable",
      "Error 403: downloadQuotaExceeded",
      "",
    ],
    ["dial tcp: no such host\n\n", "transient unreachable", "dial tcp: no such host", ""],
    ["fatal\n", "transient unreachable", "fatal", ""],
  ] as const)("exits at once with the message %s", async ([said, code, last, hint]) => {
    const FAKE_STDERR = join(folder, "stderr");
    await writeFile(FAKE_STDERR, said);
    const backend = open("exits", { FAKE_STDERR });
    expect(await failureOf(backend.load("config", "", signal))).toBe(
      `${code}: ${place()}: ${process.execPath} exited with 1: "${last}"${hint}`,
    );
  });

  test("dies between two calls fails temporarily, and the next call starts another one", async () => {
    await mkdir(join(folder, "keys"));
    const backend = open("dies");
    await backend.list("keys", undefined, signal);
    const failure = `transient unreachable: ${place()}: ${process.execPath} exited with 3`;
    expect(await failureOf(backend.list("keys", undefined, signal))).toBe(failure);
    await backend.list("keys", undefined, signal);
  });

  test("dies during a file fails temporarily", async () => {
    expect(await failureOf(open("dies mid body").load("config", "", signal))).toBe(
      `transient unreachable: ${place()}: ${process.execPath} exited with 3`,
    );
  });

  test("breaks off one response fails temporarily", async () => {
    const backend = open("breaks off");
    expect(await failureOf(backend.load("config", "", signal))).toBe(
      `transient unreachable: ${place()}: rclone broke off a response`,
    );
    expect(await failureOf(backend.load("config", "", signal))).toMatch(/not_found/);
  });

  test("fails is reported with its log line", async () => {
    expect(await failureOf(open("fails").list("keys", undefined, signal))).toBe(
      `transient unreachable: ${place()}/keys/: the server answers 500; rclone logged "ERROR : keys: list failed: 503 slow down"; run "rclone lsf ${folder}" for details`,
    );
  });

  test("is limited by its provider is not denied", async () => {
    expect(await failureOf(open("is limited").list("keys", undefined, signal))).toMatch(
      /^transient unreachable: .* rclone logged "ERROR : googleapi: Error 403: userRateLimitExceeded"/,
    );
  });

  test("is denied is not retried", async () => {
    expect(await failureOf(open("is denied").list("keys", undefined, signal))).toBe(
      `denied: ${place()}/keys/: rclone answers 404 to a listing; rclone logged "ERROR : keys: list failed: AccessDenied"; run "rclone lsf ${folder}" for details`,
    );
  });

  test("does not speak HTTP/2 is unreachable", async () => {
    expect(await failureOf(open("babbles").load("config", "", signal))).toMatch(
      /^transient unreachable: rclone:.* (exited with|was killed by) /,
    );
  });

  test.for([
    [undefined, 60_000, "1m"],
    ["90s", 90_000, "1m30s"],
  ] as const)("does not start within rclone.timeout %s times out", async ([timeout, ms, shown]) => {
    const clock = new FakeClock();
    const backend = open("silent", {}, clock, {
      requestTimeoutMs: 1000,
      options: timeout === undefined ? {} : { "rclone.timeout": timeout },
    });
    const failure = failureOf(backend.load("config", "", signal));
    while ((await log()).length < 2) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(ms - 1);
    expect(clock.sleeping).toBe(1);
    await clock.advance(1);
    expect(await failure).toBe(
      `timeout: ${place()}: rclone did not start within ${shown}: is it asking a question, or does its provider hang? The option rclone.timeout allows more time`,
    );
    await backend.close?.();
    expect(clock.sleeping).toBe(0);
  });

  test("sends nothing for requestTimeout after its start times out", async () => {
    const clock = new FakeClock();
    const backend = open("falls silent", {}, clock, { requestTimeoutMs: 100_000 });
    await failureOf(backend.load("config", "", signal));
    const failure = failureOf(backend.load("config", "", signal));
    while ((await log()).length < 3) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(99_999);
    expect(clock.sleeping).toBe(1);
    await clock.advance(1);
    expect(await failure).toBe(`timeout: ${place()}: rclone sent nothing for 1m40s`);
  });
});

test("credentials in a remote are never printed", async () => {
  const FAKE_STDERR = join(folder, "stderr");
  const remote = `:s3,access_key_id=AKIDAKID,secret_access_key="se:cr,et":bucket`;
  await writeFile(FAKE_STDERR, `Failed to create file system for "${remote}": se:cr,et`);
  const backend = openChildAt(`rclone:${remote}`, {
    options: { "rclone.program": `${process.execPath} ${FAKE} exits` },
    environment: { FAKE_STDERR },
  });
  const failure = await failureOf(backend.load("config", "", signal));
  expect(failure).toContain("rclone::s3:bucket: ");
  expect(failure).toContain("[redacted]");
  for (const secret of ["AKIDAKID", "se:cr", "cr,et"]) expect(failure).not.toContain(secret);
});

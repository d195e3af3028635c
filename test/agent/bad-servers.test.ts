import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startAgent } from "../support/agent/agent.ts";
import type { RunningAgent } from "../support/agent/agent.ts";
import { failureShown } from "../support/core/failure-shown.ts";
import {
  FaultServer,
  close,
  hang,
  loginPage,
  longListing,
  redirect,
  reset,
  status,
  tooLong,
} from "../support/http/fault-server.ts";
import type { Fault } from "../support/http/fault-server.ts";
import { restFiles } from "../support/repository/rest-files.ts";
import type { Samples } from "../support/agent/samples.ts";
import { SealedRepository } from "../support/repository/sealed-repository.ts";

const PASSWORD = "CANARY-password";

/** Faults of a server after a first successful collection, and the error of its repository: a collection that is asked for lists keys first. */
const FAULTS: readonly (readonly [string, Fault | "stops", string])[] = [
  ["it is gone", "stops", "unreachable: HOST refuses the connection"],
  ["reset before headers", reset("before headers"), "unreachable: HOST closed the connection"],
  ["reset after headers", reset("after headers"), "unreachable: HOST closed the connection"],
  ["reset mid body", reset("mid body"), "unreachable: HOST closed the connection"],
  ["half a body", close("mid body"), "unreachable: HOST closed the connection"],
  ["silence before headers", hang("before headers"), "timeout: no answer within 20s"],
  ["silence after headers", hang("after headers"), "timeout: no answer within 20s"],
  ["silence mid body", hang("mid body"), "timeout: no answer within 20s"],
  ["401", status(401), "denied: http://HOST/repo/keys/: access denied (401)"],
  ["403", status(403), "denied: http://HOST/repo/keys/: access denied (403)"],
  [
    "404",
    status(404),
    "not_found: no restic repository at http://HOST/repo/: the config file is missing",
  ],
  ["410", status(410), "other: http://HOST/repo/keys/: the server answers 410"],
  [
    "429, and there is no time for what it asks to wait",
    status(429, { "retry-after": "15" }),
    "unreachable: http://HOST/repo/keys/: the server answers 429",
  ],
  ["500 for ever", status(500), "unreachable: http://HOST/repo/keys/: the server answers 500"],
  [
    "more than Content-Length says",
    tooLong("x".repeat(100), 50),
    "other: http://HOST/repo/keys/: the server answers 200 with no content type, but not as a restic REST server does: is a proxy or a login page in front of it?",
  ],
  [
    "a login page",
    loginPage,
    "other: http://HOST/repo/keys/: the server answers 200 with text/html, but not as a restic REST server does: is a proxy or a login page in front of it?",
  ],
  [
    "a listing without an end",
    longListing(),
    "other: http://HOST/repo/keys/ has more than 2000000 files",
  ],
  ["a redirect loop", redirect(), "other: HOST redirects more than 5 times"],
  [
    "a redirect elsewhere",
    redirect("http://elsewhere.example/"),
    "other: HOST redirects to elsewhere.example: not followed, because the login would be sent there",
  ],
];

interface Case {
  readonly server: FaultServer;
  readonly host: string;
  readonly fault: Fault | "stops";
  readonly answers: Fault;
}

const cases = new Map<string, Case>();
let good: FaultServer;
let agent: RunningAgent;
let before: Samples;
let during: Samples;

const urlOf = (host: string): string => `rest:http://${host}/repo/`;

async function serve(): Promise<{ readonly server: FaultServer; readonly answers: Fault }> {
  const sealed = new SealedRepository(PASSWORD);
  sealed.addSnapshot({ time: "2024-05-01T12:00:00Z", hostname: "web", username: "root" });
  const server = await FaultServer.start();
  const answers = restFiles(sealed.files, 2, "/repo/");
  server.answers(answers);
  return { server, answers };
}

beforeAll(async () => {
  for (const [name, fault] of FAULTS) {
    const { server, answers } = await serve();
    cases.set(name, { server, host: `127.0.0.1:${server.port}`, fault, answers });
  }
  ({ server: good } = await serve());
  const servers = [...[...cases.values()].map(({ server }) => server), good];
  agent = await startAgent({
    repositories: servers.map(({ port }) => ({
      repo: `rest:http://someone:CANARY-login@127.0.0.1:${port}/repo/`,
      password: PASSWORD,
    })),
    timeout: "20s",
    concurrency: servers.length,
    retryFailed: false,
  });
  before = await agent.collect();
  for (const { server, fault } of cases.values()) {
    if (fault === "stops") await server.stop();
    else server.answers(fault);
  }
  during = await agent.collect();
});

afterAll(async () => {
  await agent.stop();
  for (const { server, fault } of cases.values()) if (fault !== "stops") await server.stop();
  await good.stop();
});

describe("a failing server causes an error with its reason, and the last values are kept", () => {
  test.for(FAULTS)("%s", ([name, , failure]) => {
    const { host } = cases.get(name) ?? expect.fail();
    const url = urlOf(host);
    expect(before.value("backup_repository_up", { url })).toBe(1);
    expect(failureShown(agent.log(), during, url).replaceAll(host, "HOST")).toBe(failure);
    expect(during.value("backup_repository_up", { url })).toBe(0);
    expect(during.sets(url)).toEqual(before.sets(url));
    expect(during.sets(url)).toHaveLength(1);
    expect(during.value("backup_repository_last_success_timestamp_seconds", { url })).toBe(
      before.value("backup_repository_last_success_timestamp_seconds", { url }),
    );
  });
});

test("other repositories are not affected", () => {
  expect(during.value("backup_job_error_count")).toBe(FAULTS.length);
  expect(during.value("backup_repository_up", { url: urlOf(`127.0.0.1:${good.port}`) })).toBe(1);
  expect(during.value("process_resident_memory_bytes")).toBeLessThan(2 ** 29);
});

test("each repository recovers with one log line", async () => {
  for (const { server, fault, answers } of cases.values())
    if (fault !== "stops") server.answers(answers);
  const after = await agent.collect();
  expect(after.value("backup_job_error_count")).toBe(1);
  expect(agent.log().match(/msg="collection failed"/g)).toHaveLength(FAULTS.length);
  expect(agent.log().match(/msg="collection recovered"/g)).toHaveLength(FAULTS.length - 1);
});

test("no output contains a secret", async () => {
  for (const page of ["/", "/api/status", "/metrics"])
    expect(await (await fetch(`${agent.url}${page}`)).text()).not.toContain("CANARY");
  expect(agent.log()).not.toContain("CANARY");
});

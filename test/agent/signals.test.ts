import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server as NetServer } from "node:net";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { startAgent } from "../support/agent/agent.ts";
import type { RunningAgent } from "../support/agent/agent.ts";
import { until } from "../support/core/until.ts";

const WEB = {
  repo: join(import.meta.dirname, "../../examples/repositories/web"),
  password: "web-password",
};

/** Accepts connections without a response. */
let silent: NetServer;
let hanging: { readonly repo: string; readonly password: string };
const started: RunningAgent[] = [];

beforeEach(async () => {
  silent = createServer().listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port }: AddressInfo = Object(silent.address());
  hanging = { repo: `rest:http://127.0.0.1:${port}/`, password: "p" };
});

afterEach(async () => {
  for (const agent of started.splice(0)) await agent.stop();
  silent.close();
});

async function launch(settings: unknown): Promise<RunningAgent> {
  const agent = await startAgent(settings);
  started.push(agent);
  return agent;
}

async function secondsToExit(agent: RunningAgent): Promise<number> {
  const start = performance.now();
  await agent.exit;
  return (performance.now() - start) / 1000;
}

test.for(["SIGINT", "SIGTERM"] as const)(
  "%s stops the agent with 0 within 5 s, even if a repository hangs",
  async (signal) => {
    const agent = await launch([hanging]);
    await until("connecting", async () => (await connections()) > 0);
    agent.kill(signal);
    expect(await secondsToExit(agent)).toBeLessThan(5);
    expect(await agent.exit).toBe(0);
    expect(agent.log()).toMatch(new RegExp(`msg=stopping signal=${signal}\\n.*msg=stopped\\n$`));
  },
);

async function connections(): Promise<number> {
  return new Promise((resolve) => silent.getConnections((_error, count) => resolve(count)));
}

test("a second SIGINT stops the agent at once with 130", async () => {
  const agent = await launch([WEB]);
  await agent.collect();
  // Responses that the client does not read delay the stop for 4 s.
  const { hostname, port } = new URL(agent.url);
  const slow = connect(Number(port), hostname);
  slow.on("error", () => {});
  slow.write("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n".repeat(3000));
  let fetched = -1;
  await until("the pipe to be full", async () => {
    const still = slow.bytesRead > 0 && slow.bytesRead === fetched;
    fetched = slow.bytesRead;
    return still;
  });
  agent.kill("SIGINT");
  await until("stopping", async () => agent.log().includes("stopping"));
  agent.kill("SIGINT");
  expect(await agent.exit).toBe(130);
  slow.destroy();
});

test("SIGUSR1 starts a collection, unless one is running", async () => {
  const agent = await launch([hanging]);
  agent.kill("SIGUSR1");
  await until("the log line", async () => agent.log().includes("a collection is already running"));
  await agent.configure([WEB]);
  await agent.reload();
  expect(agent.log()).toContain("settings reloaded");
});

test("/metrics waits for the first collection", async () => {
  const agent = await launch({ repositories: [hanging, WEB], startupWait: "1h" });
  const early = await fetch(`${agent.url}/metrics`);
  expect(early.status).toBe(503);
  expect(await early.text()).toMatch(
    /^not ready: the first collection is running, [01] of 2 repositories are done\n$/,
  );
  expect((await fetch(`${agent.url}/-/healthy`)).status).toBe(200);
  expect((await fetch(`${agent.url}/-/ready`)).status).toBe(503);
});

test("/metrics waits at most for startupWait, and then serves the repositories that are done", async () => {
  const agent = await launch({ repositories: [hanging, WEB], startupWait: "1ms" });
  await until("startupWait", async () => (await fetch(`${agent.url}/-/ready`)).ok);
  await until("the other one", async () => {
    const samples = await agent.scrape();
    expect(samples.text).not.toContain(hanging.repo);
    return samples.value("backup_repository_up", { url: WEB.repo }) === 1;
  });
});

test("a repository that is removed from the file during its collection never appears", async () => {
  const agent = await launch({ repositories: [hanging, WEB], timeout: "15s", startupWait: "1ms" });
  await agent.configure({ repositories: [WEB], timeout: "15s", startupWait: "1ms" });
  await agent.reload();
  await until("the first collection", async () => {
    const samples = await agent.scrape();
    return samples.value("backup_job_last_success_unixtime") !== undefined;
  });
  const samples = await agent.collect();
  expect(samples.text).not.toContain(hanging.repo);
  expect(samples.value("backup_job_error_count")).toBe(0);
});

test("a change that needs a restart causes a warning", async () => {
  const agent = await launch({ repositories: [WEB] });
  await agent.configure({ repositories: [WEB], logFormat: "json", legacyLabel: true });
  await agent.reload();
  expect(agent.log()).toContain('msg="a change of logFormat needs a restart"');
  expect(agent.log()).toContain('msg="a change of legacyLabel needs a restart"');
  expect((await agent.collect()).text).not.toContain("isLegacy");
});

test("a reload applies cron, limits and log level", async () => {
  const agent = await launch({ repositories: [WEB], cron: "0 0 1 1 *" });
  await agent.collect();
  const nextYear = await nextCollection(agent);
  const changed = { cron: "@every 1h", logLevel: "debug", timeout: "100ms" };
  await agent.configure({ repositories: [hanging], ...changed });
  await agent.reload();
  expect(await nextCollection(agent)).not.toBe(nextYear);
  for (let collections = 0; collections < 2; collections++) await agent.collect();
  expect(agent.log()).toContain('error_type=timeout error="no answer within 0.1s"');
  expect(agent.log()).toMatch(/ level=debug msg="collection finished" total=1 failed=1 /);
});

async function nextCollection({ url }: RunningAgent): Promise<unknown> {
  return JSON.parse(await (await fetch(`${url}/api/status`)).text()).nextCollection;
}

test("an invalid file is rejected completely, and the previous settings stay in effect", async () => {
  const agent = await launch([WEB]);
  const before = await agent.collect();
  await agent.configure(
    '[{"repo": "/not-there", "password": "CANARY"}, {"repo": "/b", "pasword": "CANARY"}]',
  );
  await agent.reload();
  const samples = await agent.collect();
  expect(samples.value("restic_otel_config_last_reload_successful")).toBe(0);
  const timestamp = "restic_otel_config_last_reload_success_timestamp_seconds";
  expect(samples.value(timestamp)).toBe(before.value(timestamp));
  expect(samples.sets(WEB.repo)).toEqual(before.sets(WEB.repo));
  expect(samples.text).not.toContain("/not-there");
  expect(agent.log().match(/level=error .*/g)).toEqual([
    expect.stringMatching(
      /^level=error msg="settings rejected, the previous ones stay in effect" error="\S+:1:\d+: \[1\] \(\/b\)\.pasword: unknown key, did you mean password\?"$/,
    ),
    expect.stringMatching(/^level=error .*: \[1\] \(\/b\): password is missing: /),
  ]);
  await agent.configure([WEB]);
  await agent.reload();
  const fixed = await agent.scrape();
  expect(fixed.value("restic_otel_config_last_reload_successful")).toBe(1);
  expect(fixed.value(timestamp)).toBeGreaterThan(before.value(timestamp) ?? Infinity);
  expect(agent.log()).not.toContain("CANARY");
});

test("the start logs the settings without secrets", async () => {
  const login = { repo: "rest:http://someone:CANARY@127.0.0.1:1/", password: "CANARY" };
  const disabled = { repo: "/d", password: "CANARY", disabled: true };
  const agent = await launch({ repositories: [WEB, login, disabled], cron: "0 3 * * *" });
  const [line = ""] = agent.log().match(/.*msg=starting.*/) ?? [];
  for (const field of [
    `repositories="${WEB.repo} rest:http://127.0.0.1:1/"`,
    "disabled=1",
    'cron="0 3 * * *"',
    "timeoutSeconds=300",
    "concurrency=8",
    "legacyLabel=false",
    "logLevel=info",
  ])
    expect(line).toContain(` ${field}`);
  expect(agent.log()).not.toContain("CANARY");
});

test("a client that waits for a collection gets an error if a stop aborts it", async () => {
  const agent = await launch({ enableLifecycle: true, repositories: [WEB] });
  await agent.collect();
  await agent.configure({ enableLifecycle: true, repositories: [WEB, hanging] });
  await agent.reload();
  const reply = fetch(`${agent.url}/-/collect?wait`, { method: "POST" });
  await until("connecting", async () => (await connections()) > 0);
  agent.kill("SIGTERM");
  const response = await reply;
  expect([response.status, await response.text()]).toEqual([
    503,
    "the agent is stopping, the collection was aborted\n",
  ]);
  expect(await agent.exit).toBe(0);
});

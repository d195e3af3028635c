import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server as NetServer } from "node:net";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { startAgent } from "../support/agent.ts";
import type { RunningAgent } from "../support/agent.ts";
import { until } from "../support/until.ts";

const WEB = {
  repo: join(import.meta.dirname, "../../examples/repositories/web"),
  password: "web-password",
};

/** Takes connections and says nothing. */
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
  "%s ends it with 0 within 5 s, also while a repository hangs",
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

test("a second SIGINT ends it at once with 130", async () => {
  const agent = await launch([WEB]);
  await agent.collect();
  // A scrape whose answers nobody fetches holds the stop up for 4 s.
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

test("SIGUSR1 collects now, and does nothing while a collection runs", async () => {
  const agent = await launch([hanging]);
  agent.kill("SIGUSR1");
  await until("the log line", async () => agent.log().includes("under way already"));
  await agent.configure([WEB]);
  await agent.reload();
  expect(agent.log()).toContain("settings reloaded");
});

test("/metrics waits for the first collection, for startupWait at the most", async () => {
  const agent = await launch({ repositories: [hanging, WEB], startupWait: "1500ms" });
  const early = await fetch(`${agent.url}/metrics`);
  expect(early.status).toBe(503);
  expect(await early.text()).toMatch(
    /^not ready: the first collection is under way, [01] of 2 repositories were read\n$/,
  );
  expect((await fetch(`${agent.url}/-/healthy`)).status).toBe(200);
  await until("startupWait", async () => (await fetch(`${agent.url}/-/ready`)).ok);
  const samples = await agent.scrape();
  expect(samples.value("backup_repository_up", { url: WEB.repo })).toBe(1);
  expect(samples.text).not.toContain(hanging.repo);
});

test("a repository that is taken out of the file while it is collected never shows", async () => {
  const agent = await launch({ repositories: [hanging, WEB], timeout: "2s", startupWait: "1ms" });
  await agent.configure({ repositories: [WEB], timeout: "2s", startupWait: "1ms" });
  await agent.reload();
  await until("the first collection", async () => {
    const samples = await agent.scrape();
    return samples.value("backup_job_last_success_unixtime") !== undefined;
  });
  const samples = await agent.collect();
  expect(samples.text).not.toContain(hanging.repo);
  expect(samples.value("backup_job_error_count")).toBe(0);
});

test("a change that cannot be taken over says so", async () => {
  const agent = await launch({ repositories: [WEB] });
  await agent.configure({ repositories: [WEB], logFormat: "json", legacyLabel: true });
  await agent.reload();
  expect(agent.log()).toContain('msg="a change of logFormat needs a restart"');
  expect(agent.log()).toContain('msg="a change of legacyLabel needs a restart"');
  expect((await agent.collect()).text).not.toContain("isLegacy");
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { startAgent } from "../support/agent/agent.ts";
import { main, NODE } from "../support/agent/installed.ts";
import { runAgent } from "../support/agent/program.ts";
import { startServer } from "../support/http/server.ts";

const EXAMPLES = join(import.meta.dirname, "../../examples/repositories");
const SETTINGS = {
  enableLifecycle: true,
  repositories: [
    { repo: join(EXAMPLES, "web"), password: "web-password" },
    {
      repo: "rest:http://u:CANARY@127.0.0.1:9/x",
      password: { command: ["echo", "CANARY"] },
      options: { "sftp.args": "CANARY" },
      environment: { A_KEY: { env: "SECRET_NAME" }, B_KEY: "CANARY" },
    },
  ],
};

test("an operator can reload, collect and read the settings by HTTP", async () => {
  const agent = await startAgent(SETTINGS, { env: { SECRET_NAME: "CANARY" } });
  onTestFinished(() => agent.stop());
  const post = async (path: string): Promise<readonly [number, string]> => {
    const response = await fetch(agent.url + path, { method: "POST" });
    return [response.status, await response.text()];
  };
  await agent.collect();
  const [status, body] = await post("/-/collect?wait");
  expect([status, JSON.parse(body)]).toMatchObject([
    200,
    { total: 2, failed: 1, errors: [{ url: "rest:http://127.0.0.1:9/x", type: "unreachable" }] },
  ]);

  const shown = await (await fetch(`${agent.url}/-/config`)).text();
  expect(shown).not.toContain("CANARY");
  expect(JSON.parse(shown)).toMatchObject({
    cron: "0 0 * * *",
    repositories: [
      { repo: join(EXAMPLES, "web"), password: "[redacted]" },
      {
        repo: "rest:http://127.0.0.1:9/x",
        password: { command: "[redacted]" },
        environment: { A_KEY: { env: "SECRET_NAME" }, B_KEY: "[redacted]" },
        options: { "sftp.args": "[redacted]" },
      },
    ],
  });

  await agent.configure({ ...SETTINGS, cron: "nonsense", nonsense: 1 });
  expect(await post("/-/reload")).toEqual([
    500,
    expect.stringMatching(
      /^settings rejected, the previous ones stay in effect:\n.*cron.*\n.*\[key 4\]: unknown key/s,
    ),
  ]);
  await agent.configure({ ...SETTINGS, cron: "@hourly", shard: "0/1" });
  expect((await post("/-/reload"))[0]).toBe(200);
  expect(await (await fetch(`${agent.url}/-/config`)).json()).toMatchObject({
    cron: "@hourly",
    shard: "0/1",
  });
});

test("a health check finds the agent even if its file has become invalid, and fails after a stop", async () => {
  const agent = await startAgent([]);
  onTestFinished(() => agent.stop());
  const bind = agent.url.replace("http://", "");
  const env = { RESTIC_OTEL_BIND: bind, RESTIC_OTEL_CONFIG: join(agent.folder, "config.json") };
  const healthy = { code: 0, stdout: `${bind}: healthy\n`, stderr: "" };
  expect(await runAgent(["--healthcheck"], { env })).toEqual(healthy);
  await agent.configure("no: [settings");
  expect(await runAgent(["--healthcheck"], { env })).toEqual(healthy);
  await agent.stop();
  const { code, stdout } = await runAgent(["--healthcheck"], { env });
  expect([code, stdout]).toEqual([1, `${bind}: connect ECONNREFUSED ${bind}\n`]);
});

test("the agent listens on several addresses, and ends with 2 if one of them is in use", async () => {
  const folder = await mkdtemp(join(tmpdir(), "operator-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "config.json");
  await writeFile(file, "[]");
  const socket = `unix:${join(folder, "s")}?mode=0600`;
  const args = ["--config", file, "--bind", socket, "--bind", "127.0.0.1:0"];
  const agent = await startServer({
    command: NODE,
    args: [main(), ...args],
    announces: /msg=listening address=(127\S+)/,
    url: (address) => `http://${address}`,
    env: { PATH: process.env["PATH"] },
  });
  onTestFinished(() => agent.stop());
  expect((await fetch(`${agent.url}/-/healthy`)).status).toBe(200);
  expect((await runAgent(["--healthcheck", "--bind", socket])).code).toBe(0);
  const second = await runAgent(args);
  expect([second.code, second.stderr.trimEnd().split("\n").at(-1)]).toEqual([
    2,
    `cannot listen on unix:${join(folder, "s")}: the address is in use: stop the process that listens there, or set another address with --bind`,
  ]);
});

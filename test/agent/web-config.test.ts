import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { startAgent } from "../support/agent/agent.ts";
import { runAgent } from "../support/agent/program.ts";
import { until } from "../support/core/until.ts";
import { webConfigFolder } from "../support/web/web-config-folder.ts";
import { ask, REQUESTS } from "../support/web/web-config-requests.ts";
import { WEB_CONFIGS } from "../support/web/web-configs.ts";

const WEB = join(import.meta.dirname, "../../examples/repositories/web");
const ENVIRONMENT = { RESTIC_REPOSITORY: WEB, RESTIC_PASSWORD: "web-password" };
const METRIC = "restic_otel_web_config_last_reload_successful";

async function folderWith(content: string) {
  const folder = await webConfigFolder(content);
  onTestFinished(() => folder.remove());
  return folder;
}

test.for([["--bind=127.0.0.1:0"], ["--check-config"]])(
  "an invalid web config ends the agent with 2: %s",
  async ([flag = ""]) => {
    const { file } = await folderWith("tls_server_configs: {}\n");
    const { code, stderr } = await runAgent([flag, `--web.config.file=${file}`], {
      env: ENVIRONMENT,
    });
    expect(stderr).toContain(
      `${file}:1:1: tls_server_configs: unknown key, did you mean tls_server_config?\n`,
    );
    expect(code).toBe(2);
  },
);

test("--check-config accepts a valid web config, and --once does not use it", async () => {
  const { file } = await folderWith(WEB_CONFIGS["a login over TLS"] ?? "");
  const flag = `--web.config.file=${file}`;
  const checked = await runAgent(["--check-config", flag], { env: ENVIRONMENT });
  expect([checked.code, checked.stdout]).toEqual([
    0,
    "ok: 1 repository, 0 disabled; no repository was opened: add --open for that\n",
  ]);
  const once = await runAgent(["--once", flag], { env: ENVIRONMENT });
  expect([once.code, once.stdout.includes(METRIC)]).toEqual([0, false]);
});

test("the running agent applies a change of the web config, but not of its path", async () => {
  const folder = await folderWith("");
  const repositories = [{ repo: WEB, password: "web-password" }];
  const agent = await startAgent({ repositories, webConfigFile: folder.file });
  onTestFinished(() => agent.stop());
  const port = Number(new URL(agent.url).port);
  expect((await agent.collect()).value(METRIC)).toBe(1);
  await folder.write("basic_auth_users: {alice: secret}\n");
  await until("the rejection", async () => (await agent.scrape()).value(METRIC) === 0);
  await agent.configure({ repositories, webConfigFile: "/nowhere" });
  await agent.reload();
  expect(agent.log()).toContain("a change of webConfigFile needs a restart");
  await folder.write(WEB_CONFIGS["a login"] ?? "");
  await until("the login", async () => (await fetch(`${agent.url}/metrics`)).status === 401);
  expect(await ask(port, REQUESTS["alice"] ?? {})).toBe("200");
  await agent.stop();
  expect(await agent.exit).toBe(0);
  expect(agent.log()).not.toContain("alice: secret");
});

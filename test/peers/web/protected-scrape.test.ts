import { readFile, writeFile } from "node:fs/promises";
import { get } from "node:https";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startAgent } from "../../support/agent/agent.ts";
import type { RunningAgent } from "../../support/agent/agent.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import { query, startPrometheus } from "../../support/otlp/prometheus.ts";
import type { Server } from "../../support/http/server.ts";
import { until } from "../../support/core/until.ts";
import { webConfigFolder } from "../../support/web/web-config-folder.ts";
import type { WebConfigFolder } from "../../support/web/web-config-folder.ts";
import { WEB_CONFIGS } from "../../support/web/web-configs.ts";

const FIXTURE = join(import.meta.dirname, "../../fixtures/v1");
const METRIC = "restic_otel_web_config_last_reload_successful";
const LOGIN = WEB_CONFIGS["a login over TLS"] ?? "";
const CLIENTS = WEB_CONFIGS["allowed SAN, DNS"] ?? "";

describe.skipIf(!requirePeer("prometheus"))("an agent scraped by Prometheus over TLS", () => {
  let folders: readonly WebConfigFolder[];
  let agents: readonly RunningAgent[];
  let prometheus: Server;

  async function start(folder: WebConfigFolder): Promise<RunningAgent> {
    const repositories = [{ repo: FIXTURE, password: "correct horse" }];
    const { file: webConfigFile } = folder;
    return startAgent({ repositories, webConfigFile, healthWithoutLogin: true });
  }

  beforeAll(async () => {
    const [login, clients] = await Promise.all([webConfigFolder(LOGIN), webConfigFolder(CLIENTS)]);
    folders = [login, clients];
    const [byLogin, byCertificate] = await Promise.all([start(login), start(clients)]);
    agents = [byLogin, byCertificate];
    const job = (agent: RunningAgent, name: string, more: object, tls: object = {}): object => ({
      job_name: name,
      scheme: "https",
      tls_config: { ca_file: login.path("ca.pem"), server_name: "localhost", ...tls },
      static_configs: [{ targets: [new URL(agent.url).host] }],
      ...more,
    });
    const certificate = (name: string): object => {
      const file = login.path(`${name}.pem`);
      return { cert_file: file, key_file: file };
    };
    const alice = (password: string): object => ({ basic_auth: { username: "alice", password } });
    prometheus = await startPrometheus({
      config: JSON.stringify({
        global: { scrape_interval: "1s" },
        scrape_configs: [
          job(byLogin, "login", alice("correct horse")),
          job(byLogin, "wrong login", alice("wrong horse")),
          job(byLogin, "no login", {}),
          job(byCertificate, "certificate", {}, certificate("named")),
          job(byCertificate, "certificate of another name", {}, certificate("nameless")),
          job(byCertificate, "certificate of a stranger", {}, certificate("stranger")),
          job(byCertificate, "no certificate", {}),
        ],
      }),
    });
  });

  afterAll(async () => {
    await prometheus.stop();
    await Promise.all(agents.map((agent) => agent.stop()));
    await Promise.all(folders.map((folder) => folder.remove()));
  });

  const valueOf = async (expression: string): Promise<string | undefined> =>
    (await query(prometheus.url, expression))[0]?.value[1];

  test("accepts the login or the client certificate, and nothing else", async () => {
    await until("every job", async () => (await query(prometheus.url, "up")).length === 7);
    const accepted = async (): Promise<readonly string[]> =>
      (await query(prometheus.url, "up == 1")).map(({ metric }) => metric["job"] ?? "").toSorted();
    await until("two jobs that can scrape", async () => (await accepted()).length === 2);
    expect(await accepted()).toEqual(["certificate", "login"]);
    for (const job of await accepted()) {
      const sets = await query(prometheus.url, `backup_snapshot_count{job="${job}"}`);
      expect(sets.length).toBeGreaterThan(0);
      expect(await valueOf(`${METRIC}{job="${job}"}`)).toBe("1");
    }
  });

  test("reports a broken key in a metric, continues to serve, and uses the key once it is repaired", async () => {
    const [folder] = folders;
    const [agent] = agents;
    const key = folder?.path("server.key") ?? "";
    const good = await readFile(key);
    await writeFile(key, "-----BEGIN PRIVATE KEY-----\n");
    await until("0", async () => (await valueOf(`${METRIC}{job="login"}`)) === "0");
    expect(agent?.log()).toContain("web config rejected, the previous one stays in effect");
    await writeFile(key, good);
    await until("1", async () => (await valueOf(`${METRIC}{job="login"}`)) === "1");
  });

  test("answers the health check without a login", async () => {
    const status = async (path: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        get(
          `${agents[0]?.url.replace("http:", "https:")}${path}`,
          { rejectUnauthorized: false },
          (response) => resolve(response.resume().statusCode),
        ).on("error", reject);
      });
    expect([await status("/metrics"), await status("/-/healthy")]).toEqual([401, 200]);
  });
});

import { afterEach, beforeEach, expect, test } from "vitest";

import { startAgent } from "../support/agent/agent.ts";
import type { RunningAgent } from "../support/agent/agent.ts";
import { FakeVault } from "../support/vault/fake-vault.ts";
import { reply, startReceiver } from "../support/otlp/otlp-receiver.ts";
import type { Samples } from "../support/agent/samples.ts";
import { until } from "../support/core/until.ts";
import { VAULT_FAILURES } from "../support/vault/vault-failures.ts";
import type { VaultFailure } from "../support/vault/vault-failures.ts";
import { failing, SECRET, VARIABLES, VaultScene, WEB } from "../support/vault/vault-scene.ts";

const REVOKE = "POST auth/token/revoke-self";

let scene: VaultScene;
let agent: RunningAgent;

beforeEach(async () => {
  scene = await VaultScene.start();
});

afterEach(async () => {
  await agent.stop();
  await scene.stop();
});

/** Starts an agent, and collects once. */
async function launch(
  settings: object = {},
  env: Readonly<Record<string, string>> = { VAULT_ADDR: scene.vault.url },
): Promise<Samples> {
  const given = { repositories: scene.repositories, retryFailed: false, ...settings };
  agent = await startAgent(given, { env: { ...VARIABLES, ...env } });
  return agent.collect();
}

const failures = Object.keys(VAULT_FAILURES) as readonly VaultFailure[];

test.for([...failures, "no server"] as const)(
  "%s: the last values are kept, and no page, metric or log line contains a secret",
  async (failure) => {
    scene.vault.tokens.add("canary-token");
    const limit = failure === "silence" ? "3s" : "10s";
    await launch(
      { logLevel: "debug" },
      {
        VAULT_ADDR: scene.vault.url,
        VAULT_TOKEN: "canary-token",
        VAULT_CLIENT_TIMEOUT: limit,
      },
    );
    if (failure === "no server") await scene.vault.stop();
    else scene.vault.intercept = VAULT_FAILURES[failure];
    const seen = scene.vault.requests.length;
    await agent.reload();
    const samples = await agent.collect();
    if (failure !== "no server") expect(scene.vault.requests.length).toBeGreaterThan(seen);
    expect(failing(samples)).toEqual(["", "", "other"]);
    expect(samples.sets(WEB).length).toBeGreaterThan(0);
    const pages = ["/", "/api/status", "/metrics"].map(async (path) =>
      (await fetch(agent.url + path)).text(),
    );
    const shown = [agent.log(), ...(await Promise.all(pages))].join("\n");
    expect(shown).toContain("using its last value");
    expect(shown).not.toMatch(SECRET);
  },
);

test("a reload applies the settings of Vault, and the counters continue", async () => {
  const other = await FakeVault.start();
  other.secrets = { ...scene.vault.secrets };
  const auth = { method: "token", token: "static" };
  await launch({ vault: { address: scene.vault.url } }, {});
  const revoked = scene.vault.count(REVOKE);
  await agent.configure({ repositories: scene.repositories, vault: { address: other.url, auth } });
  await agent.reload();
  const samples = await agent.collect();
  expect(failing(samples)).toEqual(["", "", "other"]);
  expect(samples.value("restic_otel_vault_logins_total")).toBe(1);
  expect(samples.value("restic_otel_vault_reads_total", { result: "success" })).toBe(6);
  expect(other.calls).toContain("GET secret/data/web");
  await until("its token to be revoked", () => scene.vault.count(REVOKE) > revoked);
  await other.stop();
});

test("with a refresh interval secrets are resolved again without a collection", async () => {
  const before = await launch({ vault: { refresh: "300ms" } });
  const name = "backup_repository_secret_resolved_timestamp_seconds";
  const value = (samples: Samples): number => samples.value(name, { url: WEB }) ?? Number.NaN;
  await until("a refresh", async () => value(await agent.scrape()) > value(before));
  const after = await agent.scrape();
  const job = "backup_job_last_success_unixtime";
  expect(after.value(job)).toBe(before.value(job));
  scene.vault.secrets["secret/web"] = { key: "canary-rotated" };
  const reads = scene.vault.count("GET secret/data/web");
  await until("two reads", () => scene.vault.count("GET secret/data/web") >= reads + 2);
  expect(failing(await agent.collect())).toEqual(["wrong_password", "", "other"]);
});

test("a header of a push is read from Vault, and read again if the receiver rejects it", async () => {
  const receiver = await startReceiver();
  scene.vault.secrets["kv/otlp"] = { token: "canary-old" };
  receiver.answers.push((response) => {
    scene.vault.secrets["kv/otlp"] = { token: "canary-new" };
    reply(401, "")(response);
  });
  const headers = { authorization: { vault: "kv/otlp", field: "token" } };
  await launch({ otlp: [{ endpoint: receiver.url, headers }] });
  await until("two pushes", () => receiver.received.length >= 2);
  expect(receiver.received.slice(0, 2).map((one) => one.headers.authorization)).toEqual([
    "canary-old",
    "canary-new",
  ]);
  expect(agent.log()).not.toMatch(SECRET);
});

import { afterEach, beforeEach, expect, test } from "vitest";

import { startAgent } from "../support/agent.ts";
import type { RunningAgent } from "../support/agent.ts";
import { FakeVault } from "../support/fake-vault.ts";
import { reply, startReceiver } from "../support/otlp-receiver.ts";
import type { Samples } from "../support/samples.ts";
import { until } from "../support/until.ts";
import { VAULT_FAILURES } from "../support/vault-failures.ts";
import { failing, SECRET, VARIABLES, VaultScene, WEB } from "../support/vault-scene.ts";

const REVOKE = "POST auth/token/revoke-self";

let scene: VaultScene;
let agent: RunningAgent;

beforeEach(async () => {
  scene = await VaultScene.start();
  const settings = { logLevel: "debug", repositories: scene.repositories, retryFailed: false };
  agent = await startAgent(settings, { env: { VAULT_ADDR: scene.vault.url, ...VARIABLES } });
  await agent.collect();
});

afterEach(async () => {
  await agent.stop();
  await scene.stop();
});

test.for(["403", "404", "another shape", "echo", "redirect", "503", "a deleted version"] as const)(
  "%s: what was known stays, and no page, metric or line of the log shows a secret",
  async (failure) => {
    scene.vault.instead = VAULT_FAILURES[failure];
    const seen = scene.vault.requests.length;
    await agent.reload();
    const samples = await agent.collect();
    expect(scene.vault.requests.length).toBeGreaterThan(seen);
    expect(failing(samples)).toEqual(["", "", "other"]);
    expect(samples.sets(WEB).length).toBeGreaterThan(0);
    const pages = ["/", "/api/status", "/metrics"].map(async (path) =>
      (await fetch(agent.url + path)).text(),
    );
    const shown = [agent.log(), ...(await Promise.all(pages))].join("\n");
    expect(shown).toContain("its last good value stays");
    expect(shown).not.toMatch(SECRET);
  },
);

test("settings of Vault are taken over by a reload, and what was counted goes on", async () => {
  const other = await FakeVault.start();
  other.secrets = { ...scene.vault.secrets };
  const auth = { method: "token", token: "static" };
  // The variable would win.
  await agent.stop();
  agent = await startAgent(
    { repositories: scene.repositories, vault: { address: scene.vault.url } },
    { env: { ...VARIABLES } },
  );
  await agent.collect();
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

test("with a refresh they are resolved anew at each interval, without a collection", async () => {
  await agent.configure({
    repositories: scene.repositories,
    vault: { refresh: "300ms" },
    retryFailed: false,
  });
  await agent.reload();
  const before = await agent.collect();
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

test("a header of a push is had from Vault too, and again when the receiver refuses it", async () => {
  const receiver = await startReceiver();
  scene.vault.secrets["kv/otlp"] = { token: "canary-old" };
  receiver.answers.push((response) => {
    scene.vault.secrets["kv/otlp"] = { token: "canary-new" };
    reply(401, "")(response);
  });
  await agent.stop();
  const headers = { authorization: { vault: "kv/otlp", field: "token" } };
  agent = await startAgent(
    { repositories: scene.repositories, otlp: [{ endpoint: receiver.url, headers }] },
    { env: { VAULT_ADDR: scene.vault.url, ...VARIABLES } },
  );
  await until("two pushes", () => receiver.received.length >= 2);
  expect(receiver.received.slice(0, 2).map((one) => one.headers.authorization)).toEqual([
    "canary-old",
    "canary-new",
  ]);
  expect(agent.log()).not.toMatch(SECRET);
});

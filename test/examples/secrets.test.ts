import { execFile } from "node:child_process";
import { chmod, cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, onTestFinished, test } from "vitest";

import { parseFlags } from "../../src/settings/flags.ts";
import { loadSettings } from "../../src/settings/load.ts";
import type { AgentSettings } from "../../src/settings/load.ts";
import { installed, NODE } from "../support/agent/installed.ts";
import { Samples } from "../support/agent/samples.ts";

const ROOT = join(import.meta.dirname, "../..");

function load(example: string): Promise<AgentSettings> {
  const file = join(ROOT, "examples/vault", example);
  return loadSettings({ flags: parseFlags(["--config", file]), env: {} });
}

test("the AppRole example is valid", async () => {
  const { monitor, warnings } = await load("approle.yaml");
  expect(warnings).toEqual([]);
  expect(monitor.vault).toMatchObject({
    address: "https://vault.example.com:8200",
    tls: { ca: "/etc/ssl/vault-ca.pem" },
    auth: {
      method: "approle",
      mount: "approle",
      secretId: { file: "/run/secrets/vault-secret-id" },
      wrapped: false,
    },
    refreshMs: 6 * 3_600_000,
  });
  expect(monitor.repositories).toMatchObject([
    {
      password: { scheme: "vault", reference: { vault: "secret/restic/web", field: "key" } },
      environment: {
        RESTIC_REST_PASSWORD: { reference: { vault: "secret/restic/web", field: "rest" } },
      },
    },
  ]);
});

test("the Kubernetes example is valid", async () => {
  const { monitor, warnings } = await load("kubernetes.yaml");
  expect(warnings).toEqual([]);
  expect(monitor.vault).toMatchObject({
    address: "https://vault.vault.svc:8200",
    auth: {
      method: "kubernetes",
      mount: "kubernetes",
      role: "restic-otel",
      jwt: { file: "/var/run/secrets/kubernetes.io/serviceaccount/token" },
    },
    refreshMs: undefined,
  });
});

test("the own-secrets example resolves secrets with a program", async () => {
  const folder = await mkdtemp(join(tmpdir(), "own-secrets-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const program = join(folder, "pass");
  await writeFile(
    program,
    '#!/bin/sh\nif [ "$*" = "show restic/web" ]; then printf "web-password\\nuser: x\\n"; else echo canary; exit 1; fi\n',
  );
  await chmod(program, 0o755);
  const web = join(ROOT, "examples/repositories/web");
  const database = join(ROOT, "examples/repositories/database");
  const config = join(folder, "config.json");
  const settings = [
    { repo: web, password: { pass: "restic/web" } },
    { repo: database, password: { pass: "restic/none" } },
  ];
  await writeFile(config, JSON.stringify(settings));
  const own = join(installed(), "own-secrets");
  await cp(join(ROOT, "examples/own-secrets"), own, { recursive: true });
  const { stdout, stderr } = await promisify(execFile)(
    NODE,
    [join(own, "main.ts"), "--config", config, "--once"],
    { env: { PATH: `${folder}:/usr/bin:/bin` } },
  ).catch((error: unknown) => error as { readonly stdout: string; readonly stderr: string });
  const samples = new Samples(stdout);
  expect(samples.value("backup_repository_up", { url: web })).toBe(1);
  expect(samples.of("backup_repository_error", { url: database })[0]?.labels).toMatchObject({
    error_type: "secret",
  });
  expect(stderr).toContain("pass show restic/none failed: does the entry exist?");
  expect(stdout + stderr).not.toMatch(/canary|web-password/);
});

import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, onTestFinished, test } from "vitest";

import { page } from "../../house/docs.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import { mountKv, startVault } from "../../support/vault/vault.ts";

const ROOT = join(import.meta.dirname, "../../..");
const PARTS = ["package.json", "node_modules", "src", "instrumentation", "examples"];
const { RESTIC_OTEL_PEERS_REQUIRED: required } = process.env;
const lacksCurl = required !== "1" && spawnSync("curl", ["--version"]).status !== 0;

if (lacksCurl) process.stdout.write("skipped: the commands of docs/secrets.md need curl\n");

test.skipIf(!requirePeer("vault") || lacksCurl)(
  "the commands of docs/secrets.md configure an empty Vault, and collect a repository with a secret from it",
  async () => {
    const text = await readFile(page("secrets"), "utf8");
    const [, lines = ""] = /## Vault\n[^]*?```sh\n([^]*?)```/.exec(text) ?? [];
    expect(lines.trim().split("\n").length).toBeLessThan(10);
    const vault = await startVault();
    onTestFinished(() => vault.stop());
    // A Vault in dev mode has this mount.
    await mountKv(vault, "secret", 2);
    const script = lines
      .replace("http://127.0.0.1:8200", vault.url)
      .replace("X-Vault-Token: root", `X-Vault-Token: ${vault.rootToken}`);
    expect(script).not.toContain("8200");

    const folder = await mkdtemp(join(tmpdir(), "vault-readme-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    for (const part of PARTS) await symlink(join(ROOT, part), join(folder, part));
    const { stdout } = await promisify(execFile)("sh", ["-e", "-c", script], {
      cwd: folder,
      env: { PATH: process.env["PATH"], HOME: folder },
    });
    expect(stdout).toContain('backup_repository_up{url="examples/repositories/web"} 1\n');
  },
);

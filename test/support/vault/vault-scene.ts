import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { FakeVault } from "./fake-vault.ts";
import { listeningPort } from "../core/listening-port.ts";
import { main, NODE } from "../agent/installed.ts";
import type { Samples } from "../agent/samples.ts";

export const WEB = join(import.meta.dirname, "../../../examples/repositories/web");
const DATABASE = join(import.meta.dirname, "../../../examples/repositories/database");
const B2 = "b2:bucket:repository";

/** Must never be printed: secrets in the fake, credentials sent to it, and the beginning of "canary" in Base64. */
export const SECRET = /canary|web-password|login-\d|Y2FuYXJ5/;

/** Environment of the agent, without VAULT_ADDR. */
export const VARIABLES = {
  VAULT_ROLE_ID: "canary-role-id",
  VAULT_SECRET_ID: "canary-secret-id",
  VAULT_MAX_RETRIES: "0",
  VAULT_CLIENT_TIMEOUT: "10s",
  DEBUG: "node-vault",
};

/** The output of one run of the agent. */
interface Printed {
  readonly code: number;
  readonly stdout: string;
  readonly all: string;
}

/** A fake Vault, and repositories with secrets in it, for an agent that runs as a process of its own. */
export class VaultScene {
  readonly vault: FakeVault;
  /** Authorization headers of the requests to B2. */
  readonly logins: (string | undefined)[] = [];
  readonly #fakeB2: Server;
  readonly #folder: string;
  #runs = 0;

  private constructor(vault: FakeVault, folder: string) {
    this.vault = vault;
    this.#folder = folder;
    this.#fakeB2 = createServer(({ headers }, response) => {
      this.logins.push(headers.authorization);
      response.writeHead(400).end();
    });
  }

  static async start(): Promise<VaultScene> {
    const folder = await mkdtemp(join(tmpdir(), "vault-agent-"));
    const vault = await FakeVault.start();
    vault.secrets = {
      "secret/web": { key: "web-password" },
      "kv/b2-password": { key: "canary-password" },
      "kv/b2": { id: "canary-b2-id", key: "canary-b2-key" },
    };
    const scene = new VaultScene(vault, folder);
    scene.#fakeB2.listen(0, "127.0.0.1");
    await once(scene.#fakeB2, "listening");
    return scene;
  }

  /** Three repositories. The first and the third have their secrets in Vault, the second has not. The third is at a server that rejects every B2 request. */
  get repositories(): readonly object[] {
    return [
      { repo: WEB, password: { vault: "secret/web", field: "key" } },
      { repo: DATABASE, password: "database-password" },
      {
        repo: B2,
        vault_material: "b2-password",
        b2_vault_material: "b2",
        environment: { B2_API_URL: `http://127.0.0.1:${listeningPort(this.#fakeB2)}` },
      },
    ];
  }

  /** Runs the agent until it exits. An empty variable is not passed on. */
  async run(
    args: readonly string[],
    settings: unknown,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Printed> {
    const file = join(this.#folder, `config-${(this.#runs += 1)}.json`);
    await writeFile(file, JSON.stringify(settings));
    const words = [main(), "--config", file, "--log-level", "debug", ...args];
    const variables = { VAULT_ADDR: this.vault.url, ...VARIABLES, ...env };
    const set = Object.entries(variables).filter(([, value]) => value !== "");
    const environment = {
      PATH: process.env["PATH"],
      HOME: this.#folder,
      ...Object.fromEntries(set),
    };
    return promisify(execFile)(NODE, words, { env: environment }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, all: stdout + stderr }),
      (error: unknown) => {
        const { code, stdout, stderr } = error as {
          readonly code: number;
          readonly stdout: string;
          readonly stderr: string;
        };
        return { code, stdout, all: stdout + stderr };
      },
    );
  }

  async stop(): Promise<void> {
    await this.vault.stop();
    this.#fakeB2.close();
    this.#fakeB2.closeAllConnections();
    await rm(this.#folder, { recursive: true });
  }
}

/** `error_type` of the three repositories; empty without an error. */
export function failing(samples: Samples): readonly string[] {
  return [WEB, DATABASE, B2].map((url) => {
    const [error] = samples.of("backup_repository_error", { url });
    return error?.labels["error_type"] ?? "";
  });
}

import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startAgent } from "../../support/agent/agent.ts";
import type { RunningAgent } from "../../support/agent/agent.ts";
import { setsOf } from "../../support/repository/expected-sets.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import { query, startPrometheus } from "../../support/otlp/prometheus.ts";
import { restic } from "../../support/repository/restic-cli.ts";
import { startRestServer } from "../../support/stores/rest-server.ts";
import { CA, SeededVault } from "../../support/vault/seeded-vault.ts";
import type { Server } from "../../support/http/server.ts";
import { until } from "../../support/core/until.ts";
import { approleIds } from "../../support/vault/vault-logins.ts";

const missing = (["vault", "restic", "rest-server", "prometheus"] as const).some(
  (name) => !requirePeer(name),
);

/** The field `key` of kv/repo. */
const PASSWORD = "in version 1";

describe.skipIf(missing)(
  "an agent with a restic-reporter file and secrets in Vault, scraped by Prometheus",
  () => {
    let folder: string;
    let home: string;
    let vault: SeededVault;
    let ids: { readonly roleId: string; readonly secretId: string };
    let repositories: Server;
    let agent: RunningAgent;
    let prometheus: Server;
    let url: string;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "vault-line-"));
      home = join(folder, "home");
      await mkdir(home);
      await mkdir(join(folder, "vault"));
      vault = await SeededVault.start(join(folder, "vault"));
      ids = await approleIds(vault.server, "reader");
      repositories = await startRestServer({ path: join(folder, "repositories") });
      url = `rest:${repositories.url}/web`;
      await restic(["init"], { repo: url, password: PASSWORD });
      await restic(["backup", import.meta.filename], { repo: url, password: PASSWORD, host: "h" });
      agent = await startAgent([{ repo: url, vault_material: "repo" }], {
        env: {
          VAULT_ADDR: vault.server.tlsUrl,
          VAULT_CACERT: CA,
          VAULT_ROLE_ID: ids.roleId,
          VAULT_SECRET_ID: ids.secretId,
          HOME: home,
          TMPDIR: home,
        },
        cwd: home,
      });
      await agent.collect();
      prometheus = await startPrometheus({
        config: JSON.stringify({
          global: { scrape_interval: "1s" },
          scrape_configs: [
            { job_name: "restic-otel", static_configs: [{ targets: [new URL(agent.url).host] }] },
          ],
        }),
      });
    });

    afterAll(async () => {
      await prometheus.stop();
      await agent.stop();
      await repositories.stop();
      await vault.server.stop();
      await rm(folder, { recursive: true });
    });

    const value = async (expression: string): Promise<string | undefined> =>
      (await query(prometheus.url, expression))[0]?.value[1];

    test("provides the backup set that restic lists, and the state of Vault", async () => {
      const [set] = setsOf(
        await restic(["snapshots", "--json"], { repo: url, password: PASSWORD }),
      );
      await until("a scrape", async () => (await value("backup_snapshot_count")) !== undefined);
      const [found] = await query(prometheus.url, "backup_newest_timestamp");
      expect(found?.metric).toMatchObject({ url, host: "h", user: set?.user });
      expect(Number(found?.value[1])).toBe(set?.newest);
      expect(await value("backup_repository_up")).toBe("1");
      expect(await value("backup_job_error_count")).toBe("0");
      expect(await value("restic_otel_vault_up")).toBe("1");
      expect(await value("restic_otel_vault_logins_total")).toBe("1");
      expect(await value('restic_otel_vault_reads_total{result="success"}')).toBe("1");
      const ttl = Number(await value("restic_otel_vault_token_ttl_seconds"));
      expect(ttl).toBeGreaterThan(3000);
      expect(ttl).toBeLessThanOrEqual(3600);
      const resolved = Number(
        await value("time() - backup_repository_secret_resolved_timestamp_seconds"),
      );
      expect(resolved).toBeLessThan(600);
    });

    test("writes no secret to files, log or pages", async () => {
      const pages = ["/", "/api/status", "/metrics"].map(
        async (path) => [path, await (await fetch(agent.url + path)).text()] as const,
      );
      const texts = [
        ["log", agent.log()],
        ...(await Promise.all(pages)),
        ...(await files(home)),
        ...(await files(agent.folder)),
      ] as const;
      expect(texts.map(([where]) => where)).toContain(join(agent.folder, "config.json"));
      // Tokens of Vault begin with "hvs.".
      for (const secret of [PASSWORD, ids.roleId, ids.secretId, "hvs."])
        expect(texts.filter(([, text]) => text.includes(secret)).map(([where]) => where)).toEqual(
          [],
        );
    });
  },
);

/** Path and content of each file. */
async function files(folder: string): Promise<readonly (readonly [string, string])[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }) => {
        const file = join(parentPath, name);
        return [file, await readFile(file, "latin1")] as const;
      }),
  );
}

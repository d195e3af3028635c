import { join } from "node:path";

import { mountKv, startVault } from "../../support/vault/vault.ts";
import { approleIds } from "../../support/vault/vault-logins.ts";
import type { Findings } from "../goals.ts";
import { figure, megabytes, run, script, show, table } from "../measure.ts";

const CA = join(import.meta.dirname, "../../fixtures/tls/ca.pem");
const POLICY = 'path "secret/data/bench/*" { capabilities = ["read"] }';
/** Numbers of repositories and of distinct secrets. */
const SIZES = [
  [1, 1],
  [500, 20],
  [500, 500],
] as const;
const RUNS = 5;

/** Resolving all secrets of a load of the settings from a real Vault over TLS: time, logins, reads and memory. */
export async function benchSecrets(log: (line: string) => void): Promise<Findings> {
  const rows: (string | number)[][] = [];
  const server = await startVault();
  try {
    await mountKv(server, "secret", 2);
    await server.admin("PUT", "sys/policies/acl/bench", { policy: POLICY });
    await server.admin("POST", "sys/auth/approle", { type: "approle" });
    await server.admin("POST", "auth/approle/role/bench", { token_policies: ["bench"] });
    for (let index = 0; index < 500; index++)
      await server.admin("POST", `secret/data/bench/${index}`, { data: { key: `${index}` } });
    const { roleId, secretId } = await approleIds(server, "bench");
    const env = {
      VAULT_ADDR: server.tlsUrl,
      VAULT_CACERT: CA,
      VAULT_ROLE_ID: roleId,
      VAULT_SECRET_ID: secretId,
    };
    for (const [repositories, secrets] of SIZES) {
      log(`${repositories} repositories over ${secrets} secrets`);
      const args = [...script("processes/resolve"), String(repositories), String(secrets)];
      const samples = [];
      for (let index = 0; index < RUNS; index++) {
        const { stdout, peakBytes } = await run(process.execPath, args, env);
        samples.push({ ...readCost(stdout), peakBytes });
      }
      const [cost] = samples;
      const seconds = figure(samples.map((one) => one.seconds));
      const peak = figure(samples.map((one) => megabytes(one.peakBytes))).median.toFixed(0);
      const { logins = NaN, reads = NaN } = cost ?? {};
      rows.push([repositories, secrets, logins, reads, show(seconds, 3), peak]);
    }
  } finally {
    await server.stop();
  }
  const head = ["repositories", "secrets in Vault", "logins", "reads", "seconds", "peak MB"];
  return { text: table(head, rows), goals: [] };
}

interface Cost {
  readonly seconds: number;
  readonly logins: number;
  readonly reads: number;
}

function readCost(stdout: string): Cost {
  const cost: Cost = JSON.parse(stdout);
  return cost;
}

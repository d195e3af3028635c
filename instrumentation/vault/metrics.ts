import type { MetricSpec } from "../metrics/spec.ts";
import { READ_RESULTS } from "./state.ts";
import type { VaultState } from "./state.ts";

export const VAULT_METRICS: readonly MetricSpec<VaultState>[] = [
  {
    name: "restic_otel.vault_up",
    kind: "gauge",
    description:
      "1 if Vault answered the last request to it, 0 if it refused the login or the token, failed or cannot be reached.",
    labels: [],
    points: ({ up }) => (up === undefined ? [] : [[Number(up), {}]]),
  },
  {
    name: "restic_otel.vault_token_ttl_seconds",
    kind: "gauge",
    unit: "s",
    description:
      "How long the Vault token in use is still valid; absent for one that never expires.",
    labels: [],
    points: ({ tokenExpiresAt }, now) =>
      tokenExpiresAt === undefined ? [] : [[Math.max(0, (tokenExpiresAt - now) / 1000), {}]],
  },
  {
    name: "restic_otel.vault_logins",
    kind: "counter",
    description: "Logins to Vault that gave a token.",
    labels: [],
    points: ({ logins }) => [[logins, {}]],
  },
  {
    name: "restic_otel.vault_reads",
    kind: "counter",
    description: `Reads of secrets from Vault by result: ${READ_RESULTS.join(", ")}.`,
    labels: ["result"],
    points: ({ reads }) => READ_RESULTS.map((result) => [reads[result], { result }]),
  },
];

import { DENIED } from "./fake-vault.ts";
import type { FakeVault } from "./fake-vault.ts";

/** Repeats the request in the response, as a proxy in debug mode may. */
const echo: FakeVault["intercept"] = ({ headers, body }) => ({
  status: 400,
  body: { errors: [JSON.stringify({ headers, body })], headers },
});

/** Unusual responses to any request, from Vault or a proxy. */
export const VAULT_FAILURES = {
  "403": () => DENIED,
  "404": () => ({ status: 404, body: { errors: [] } }),
  "412": () => ({ status: 412 }),
  "429": () => ({ status: 429 }),
  "500": () => ({ status: 500, body: { errors: ["internal error"] } }),
  "503": () => ({ status: 503, body: { errors: ["Vault is sealed"] } }),
  HTML: () => ({ status: 200, body: "<html>canary-page</html>" }),
  "another shape": () => ({ status: 200, body: { auth: { client_token: 1 }, data: { key: 1 } } }),
  "a deleted version": ({ path }) =>
    path.startsWith("secret/data/")
      ? { status: 404, body: { data: { data: null, metadata: { deletion_time: "2026-01-01" } } } }
      : undefined,
  echo,
  "a refusal after the unwrapping": (request) =>
    request.path === "sys/wrapping/unwrap"
      ? { status: 200, body: { data: { secret_id: "canary-inside" } } }
      : echo(request),
  redirect: ({ path }) => ({
    status: 307,
    headers: { location: `http://other.invalid/v1/${path}` },
  }),
  silence: () => "hangs",
} as const satisfies Readonly<Record<string, FakeVault["intercept"]>>;

export type VaultFailure = keyof typeof VAULT_FAILURES;

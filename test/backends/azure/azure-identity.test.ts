import { afterEach, beforeEach, expect, test } from "vitest";

import type { LoadIdentity } from "../../../instrumentation/backends/azure/entra-id.ts";
import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { failureOf } from "../../support/core/failure.ts";
import { answer, FaultServer, status } from "../../support/http/fault-server.ts";
import { openStoreAt } from "../../support/backends/object-store-backend.ts";

const { signal } = new AbortController();
const EMPTY = answer("<EnumerationResults><Blobs/></EnumerationResults>", "application/xml");

let server: FaultServer;
let clock: FakeClock;
/** The instances of the package's classes with their arguments, and the calls of getToken. */
let made: unknown[];
let asked: string[];
let token: () => Promise<unknown>;

beforeEach(async () => {
  server = await FaultServer.start();
  server.answers(EMPTY);
  clock = new FakeClock();
  [made, asked] = [[], []];
  let count = 0;
  token = async () => ({
    token: `entra-token-${(count += 1)}`,
    expiresOnTimestamp: clock.now() + 3_600_000,
  });
});

afterEach(() => server.stop());

function open(
  environment: Readonly<Record<string, string>>,
  { loadIdentity }: { readonly loadIdentity: LoadIdentity },
): Promise<Backend> {
  return openStoreAt("azure:backups:/a b", {
    environment: {
      AZURE_ACCOUNT_NAME: "account",
      AZURE_ENDPOINT_SUFFIX: server.url,
      ...environment,
    },
    clock,
    loadIdentity,
  });
}

const list = async (backend: Backend): Promise<unknown> =>
  (await backend.list("keys", undefined, signal)).names;

async function failure(
  environment: Readonly<Record<string, string>>,
  identity: { readonly loadIdentity: LoadIdentity },
): Promise<string> {
  const failed = await failureOf(open(environment, identity).then((backend) => list(backend)));
  for (const secret of ["a-client-secret", "entra-token"]) expect(failed).not.toContain(secret);
  return failed.replaceAll(`127.0.0.1:${server.port}`, "HOST");
}

/** Classes with the interface of those in @azure/identity. */
const loadIdentity: LoadIdentity = async () =>
  Object.fromEntries(
    [
      "ClientSecretCredential",
      "ClientCertificateCredential",
      "WorkloadIdentityCredential",
      "ManagedIdentityCredential",
      "AzureCliCredential",
    ].map((name) => [
      name,
      class {
        constructor(...args: readonly unknown[]) {
          made.push([name, ...args]);
        }

        getToken(scope: string): Promise<unknown> {
          asked.push(`${name} ${scope}`);
          return name === "ManagedIdentityCredential"
            ? Promise.reject(new Error("no such machine"))
            : token();
        }
      },
    ]),
  );

const WHO = { AZURE_TENANT_ID: "tenant", AZURE_CLIENT_ID: "client" };

test.for([
  [
    {
      ...WHO,
      AZURE_CLIENT_SECRET: "a-client-secret",
      AZURE_AUTHORITY_HOST: "https://login.example",
    },
    [
      [
        "ClientSecretCredential",
        "tenant",
        "client",
        "a-client-secret",
        { authorityHost: "https://login.example" },
      ],
    ],
  ],
  [
    { ...WHO, AZURE_CLIENT_CERTIFICATE_PATH: "/c.pem", AZURE_CLIENT_CERTIFICATE_PASSWORD: "p" },
    [
      [
        "ClientCertificateCredential",
        "tenant",
        "client",
        { certificatePath: "/c.pem", certificatePassword: "p" },
        {},
      ],
    ],
  ],
  [
    { ...WHO, AZURE_FEDERATED_TOKEN_FILE: "/token" },
    [
      [
        "WorkloadIdentityCredential",
        { tenantId: "tenant", clientId: "client", tokenFilePath: "/token" },
      ],
    ],
  ],
  [{ AZURE_FORCE_CLI_CREDENTIAL: "true" }, [["AzureCliCredential"]]],
  [
    { AZURE_CLIENT_ID: "client" },
    [["ManagedIdentityCredential", { clientId: "client" }], ["AzureCliCredential"]],
  ],
] as const)("%j selects its credential", async ([environment, expected]) => {
  expect(await list(await open(environment, { loadIdentity }))).toEqual([]);
  expect(made).toEqual(expected);
  expect(server.requests[0]?.headers.authorization).toBe("Bearer entra-token-1");
  expect(asked.at(-1)).toMatch(/ https:\/\/storage\.azure\.com\/\.default$/);
});

const SECRET = { ...WHO, AZURE_CLIENT_SECRET: "a-client-secret" };
const bearers = (): readonly unknown[] =>
  server.requests.map(({ headers }) => headers.authorization?.replace("Bearer entra-", ""));

test("a token is cached, and replaced before it expires or when it is rejected", async () => {
  const backend = await open(SECRET, { loadIdentity });
  await list(backend);
  await list(backend);
  await clock.advance(3_500_000);
  await list(backend);
  server.answers(status(401), EMPTY);
  await list(backend);
  expect(bearers()).toEqual(["token-1", "token-1", "token-2", "token-2", "token-3"]);
  expect(made).toHaveLength(1);
});

test("a token that is rejected twice is denied", async () => {
  server.answers(status(401, { "x-ms-error-code": "InvalidAuthenticationInfo" }));
  expect(await failure(SECRET, { loadIdentity })).toBe(
    "denied: azure:backups:/a b/keys/ at HOST: access denied (401 InvalidAuthenticationInfo): the identity needs the role Storage Blob Data Reader for this container",
  );
  expect(server.requests).toHaveLength(2);
});

const FIT =
  "AZURE_TENANT_ID, AZURE_CLIENT_ID and the secret, certificate or token file must belong to the same identity";

const NONE = "azure:backups:/: Entra ID issued no token";

// Names and messages of @azure/identity 4.13.
test.for([
  [
    "AuthenticationError",
    "quotes a-client-secret",
    `denied: ${NONE} (AuthenticationError): ${FIT}`,
  ],
  [
    "AuthenticationRequiredError",
    "network_error: a-client-secret",
    `transient unreachable: ${NONE} (AuthenticationRequiredError): it is unreachable`,
  ],
  ["RestError", "x", `transient unreachable: ${NONE} (RestError): it is unreachable`],
  [
    "CredentialUnavailableError",
    "x",
    `config: ${NONE} (CredentialUnavailableError): neither AZURE_ACCOUNT_KEY nor AZURE_ACCOUNT_SAS is set, and no identity is available: ${FIT}`,
  ],
] as const)(
  "%s of the package becomes an AgentError without its message",
  async ([name, words, message]) => {
    token = () => Promise.reject(named(name, words));
    expect(await failure(SECRET, { loadIdentity })).toBe(message);
  },
);

function named(name: string, words = "x"): Error {
  const error = new Error(words);
  error.name = name;
  return error;
}

test("an empty response of the package is a failure", async () => {
  token = async () => null;
  expect(await failure(SECRET, { loadIdentity })).toBe(
    "other: azure:backups:/: @azure/identity returned no token",
  );
});

test("a missing package and one without the class say so", async () => {
  expect(await failure(SECRET, { loadIdentity: () => Promise.reject(named("x")) })).toBe(
    "config: azure:backups:/: neither AZURE_ACCOUNT_KEY nor AZURE_ACCOUNT_SAS is set, and for Entra ID the package @azure/identity is missing: npm install @azure/identity",
  );
  expect(await failure(SECRET, { loadIdentity: async () => ({}) })).toBe(
    "config: azure:backups:/: the package @azure/identity has no ClientSecretCredential: is it too old?",
  );
});

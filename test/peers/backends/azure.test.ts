import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { systemClock } from "../../../instrumentation/core/clock.ts";
import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { AZURITE, startAzurite } from "../../support/stores/azurite.ts";
import { backendSuite } from "../../support/backends/backend-suite.ts";
import { failureOf } from "../../support/core/failure.ts";
import { LoopbackProxy } from "../../support/http/loopback-proxy.ts";
import { openStoreAt } from "../../support/backends/object-store-backend.ts";
import { requireAzurite } from "../../support/agent/peers.ts";
import { resticStoreSuite } from "../../support/stores/restic-store-suite.ts";
import type { RepositoryFiles } from "../../support/repository/sealed-repository.ts";
import { accountSas, FOREVER, seedAzure } from "../../support/stores/seeded-stores.ts";
import type { Server } from "../../support/http/server.ts";

const { signal } = new AbortController();
const TLS = join(import.meta.dirname, "../../fixtures/tls");

/** A token in the format of Entra ID. azurite checks its claims, but not its signature. */
function entraToken(untilMs: number): string {
  const claims = {
    aud: "https://storage.azure.com",
    iss: "https://sts.windows.net/00000000-0000-0000-0000-000000000000/",
    iat: 1_500_000_000,
    nbf: 1_500_000_000,
    exp: untilMs / 1000,
  };
  return [{ alg: "RS256", typ: "JWT" }, claims, "signature"]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
}

describe.skipIf(!requireAzurite())("azurite", () => {
  let folder: string;
  let server: Server;
  let containers = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "azurite-"));
    server = await startAzurite({ path: folder });
  });

  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  const keys = (): Record<string, string> => ({ ...AZURITE, AZURE_ENDPOINT_SUFFIX: server.url });
  const sas = (permissions: string, untilMs: number): Record<string, string> => ({
    AZURE_ACCOUNT_NAME: AZURITE.AZURE_ACCOUNT_NAME,
    AZURE_ACCOUNT_SAS: accountSas(permissions, untilMs),
    AZURE_ENDPOINT_SUFFIX: server.url,
  });

  const seeded = (files: RepositoryFiles, prefix: string): Promise<string> =>
    seedAzure(server, `container-${(containers += 1)}`, prefix, files);

  for (const [name, prefix, environment, pageSize] of [
    ["azurite with a key of the account", "", keys, undefined],
    [
      "azurite in small pages, with a prefix of special characters",
      "a b/ä+%25!'()*#&=~",
      keys,
      700,
    ],
    ["azurite with a signature for reading and listing", "repo", () => sas("rl", FOREVER), 1000],
  ] as const) {
    backendSuite(
      name,
      async (files) =>
        openStoreAt(await seeded(files, prefix), {
          environment: environment(),
          clock: systemClock,
          ...(pageSize !== undefined && { pageSize }),
        }),
      { credentials: [AZURITE.AZURE_ACCOUNT_KEY, "sig="] },
    );
  }

  describe("access", () => {
    let repo: string;

    beforeAll(async () => {
      repo = await seeded(new Map([["config", Buffer.from("c")]]), "repo");
    });

    async function failure(environment: Record<string, string>): Promise<string> {
      const backend = await openStoreAt(repo, { environment, clock: systemClock });
      const list = await failureOf(backend.list("keys", undefined, signal));
      const load = await failureOf(backend.load("config", "", signal));
      for (const name of ["AZURE_ACCOUNT_KEY", "AZURE_ACCOUNT_SAS"])
        expect(list + load).not.toContain(environment[name] ?? "sig=");
      expect(load.replace("repo/config", "repo/keys/")).toBe(list);
      return list.replace(`${repo}/keys/ at ${server.url.slice("http://".length)}`, "PLACE");
    }

    test("with a wrong key is denied", async () => {
      const key = Buffer.from("another key").toString("base64");
      expect(await failure({ ...keys(), AZURE_ACCOUNT_KEY: key })).toBe(
        "denied: PLACE: access denied (403 AuthorizationFailure): AZURE_ACCOUNT_KEY must be a key of the account, and the clock of this machine must be right",
      );
    });

    test("with an expired signature, or one without read permission, is denied", async () => {
      for (const environment of [sas("rl", 1_600_000_000_000), sas("w", FOREVER)])
        expect(await failure(environment)).toMatch(
          /^denied: PLACE: access denied \(403 \w+\): AZURE_ACCOUNT_SAS must allow reading and listing/,
        );
    });

    test("works with a wrong clock, by the time of the server", async () => {
      const clock = { ...systemClock, now: () => systemClock.now() - 86_400_000 };
      const backend = await openStoreAt(repo, { environment: keys(), clock });
      expect(await backend.load("config", "", signal)).toHaveLength(1);
    });
  });
});

describe.skipIf(!requireAzurite())("azurite with TLS", () => {
  describe("and tokens of Entra ID", () => {
    let folder: string;
    let server: Server;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "azurite-"));
      // With OAuth azurite accepts no plain HTTP, so the container is filled before.
      const plain = await startAzurite({ path: folder });
      await seedAzure(plain, "backups", "repo", new Map([["config", Buffer.from("c")]]));
      await plain.stop();
      server = await startAzurite({ path: folder, tls: join(TLS, "server.pem"), oauth: true });
    });

    afterAll(async () => {
      await server.stop();
      await rm(folder, { recursive: true });
    });

    /** Opens the container with a substitute for @azure/identity that returns these tokens in turn. */
    async function openWith(...tokens: readonly string[]): Promise<Backend> {
      let next = 0;
      class ClientSecretCredential {
        async getToken(): Promise<unknown> {
          return { token: tokens[next++], expiresOnTimestamp: Date.now() + 3_600_000 };
        }
      }
      const environment = {
        AZURE_ACCOUNT_NAME: AZURITE.AZURE_ACCOUNT_NAME,
        AZURE_ENDPOINT_SUFFIX: server.url,
        AZURE_TENANT_ID: "t",
        AZURE_CLIENT_ID: "c",
        AZURE_CLIENT_SECRET: "s",
        RESTIC_CACERT: join(TLS, "ca.pem"),
      };
      const loadIdentity = async () => ({ ClientSecretCredential });
      return openStoreAt("azure:backups:/repo", { environment, clock: systemClock, loadIdentity });
    }

    test("can be read with a valid token", async () => {
      const backend = await openWith(entraToken(FOREVER));
      expect((await backend.list("keys", undefined, signal)).names).toEqual([]);
      expect(await backend.load("config", "", signal)).toHaveLength(1);
    });

    test("replaces an expired token once", async () => {
      const expired = entraToken(1_600_000_000_000);
      const backend = await openWith(expired, entraToken(FOREVER));
      expect(await backend.load("config", "", signal)).toHaveLength(1);
      const failure = await failureOf(
        (await openWith(expired, expired)).load("config", "", signal),
      );
      expect(failure).toMatch(
        /^denied: .*: access denied \(40\d \w+\): the identity needs the role/,
      );
      expect(failure).not.toContain(expired);
    });
  });

  // restic connects to https://ACCOUNT.blob.SUFFIX only: a proxy forwards every name to azurite.
  resticStoreSuite("azurite", async (path) => {
    const server = await startAzurite({ path, tls: join(TLS, "server.pem") });
    const port = Number(new URL(server.url).port);
    const proxy = await LoopbackProxy.start(() => port);
    return {
      repo: "azure:backups:/a b/repo",
      environment: {
        ...AZURITE,
        AZURE_ENDPOINT_SUFFIX: "azurite.test",
        HTTPS_PROXY: `http://${proxy.where}`,
        RESTIC_CACERT: join(TLS, "ca.pem"),
      },
      args: ["-o", "azure.access-tier=Hot"],
      stop: async () => {
        await proxy.stop();
        await server.stop();
      },
    };
  });
});

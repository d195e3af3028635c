import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { systemClock } from "../../instrumentation/core/clock.ts";
import { AZURITE, startAzurite } from "../support/azurite.ts";
import { backendSuite } from "../support/backend-suite.ts";
import { failureOf } from "../support/failure.ts";
import { LoopbackProxy } from "../support/loopback-proxy.ts";
import { openStoreAt } from "../support/object-store-backend.ts";
import { requireAzurite } from "../support/peers.ts";
import { resticStoreSuite } from "../support/restic-store-suite.ts";
import type { RepositoryFiles } from "../support/sealed-repository.ts";
import { accountSas, FOREVER, seedAzure } from "../support/seeded-stores.ts";
import type { Server } from "../support/server.ts";

const { signal } = new AbortController();
const TLS = join(import.meta.dirname, "../fixtures/tls");

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

  for (const [name, prefix, environment] of [
    ["azurite with a key of the account", "", keys],
    ["azurite, with a prefix of all kinds of characters", "a b/ä+%25!'()*#&=~", keys],
    ["azurite with a signature for reading and listing", "repo", () => sas("rl", FOREVER)],
  ] as const) {
    backendSuite(
      name,
      async (files) =>
        openStoreAt(await seeded(files, prefix), {
          environment: environment(),
          clock: systemClock,
        }),
      { credentials: [AZURITE.AZURE_ACCOUNT_KEY, "sig="] },
    );
  }

  describe("refuses", () => {
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

    test("a wrong key", async () => {
      const key = Buffer.from("another key").toString("base64");
      expect(await failure({ ...keys(), AZURE_ACCOUNT_KEY: key })).toBe(
        "denied: PLACE: access denied (403 AuthorizationFailure): AZURE_ACCOUNT_KEY must be a key of the account, and the clock of this machine must be right",
      );
    });

    test("a signature that has expired, and one for writing alone", async () => {
      for (const environment of [sas("rl", 1_600_000_000_000), sas("w", FOREVER)])
        expect(await failure(environment)).toMatch(
          /^denied: PLACE: access denied \(403 \w+\): AZURE_ACCOUNT_SAS must be a signature that allows reading and listing/,
        );
    });

    test("a clock that is wrong, which is mended", async () => {
      const clock = { ...systemClock, now: () => systemClock.now() - 86_400_000 };
      const backend = await openStoreAt(repo, { environment: keys(), clock });
      expect(await backend.load("config", "", signal)).toHaveLength(1);
    });
  });
});

describe.skipIf(!requireAzurite())("azurite with TLS", () => {
  // restic speaks to https://ACCOUNT.blob.SUFFIX alone: a proxy leads every name here.
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

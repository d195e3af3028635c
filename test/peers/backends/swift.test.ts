import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { systemClock } from "../../../instrumentation/core/clock.ts";
import { backendSuite } from "../../support/backends/backend-suite.ts";
import { failureOf } from "../../support/core/failure.ts";
import { FakeKeystone } from "../../support/backends/fake-keystone.ts";
import { FaultServer } from "../../support/http/fault-server.ts";
import { openStoreAt } from "../../support/backends/object-store-backend.ts";
import { requireSwift } from "../../support/agent/peers.ts";
import { resticStoreSuite } from "../../support/stores/restic-store-suite.ts";
import type { RepositoryFiles } from "../../support/repository/sealed-repository.ts";
import { seedSwift, swiftToken } from "../../support/stores/seeded-stores.ts";
import type { Server } from "../../support/http/server.ts";
import {
  startSwift,
  swiftLoginOf,
  SWIFT_ACCOUNT,
  SWIFT_READER,
} from "../../support/stores/swift-server.ts";

const { signal } = new AbortController();

describe.skipIf(!requireSwift())("Swift", () => {
  let folder: string;
  let server: Server;
  let token: string;
  let containers = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "swift-"));
    server = await startSwift(folder);
    token = await swiftToken(server);
  });

  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  const storage = (): string => `${server.url}/v1/${SWIFT_ACCOUNT}`;
  const ready = (): Record<string, string> => ({ OS_STORAGE_URL: storage(), OS_AUTH_TOKEN: token });

  const seeded = (files: RepositoryFiles, prefix: string): Promise<string> =>
    seedSwift(server, `container-${(containers += 1)}`, prefix, files);

  for (const [name, prefix, environment] of [
    ["Swift, with a login of version 1", "", () => swiftLoginOf(server)],
    ["Swift, with a token and a prefix of special characters", "a b/ä+%25!'()*#&=~", ready],
  ] as const) {
    backendSuite(
      name,
      async (files) =>
        openStoreAt(await seeded(files, prefix), {
          environment: environment(),
          clock: systemClock,
        }),
      { credentials: ["testing-key"] },
    );
  }

  test("a wrong key is denied", async () => {
    const environment = { ...swiftLoginOf(server), ST_KEY: "another-key" };
    const backend = await openStoreAt("swift:backups:/", { environment, clock: systemClock });
    const { host } = new URL(server.url);
    expect(await failureOf(backend.list("keys", undefined, signal))).toBe(
      `denied: swift:backups:/: the login at ${host}: rejected (401): user, password, project and domains must belong to an existing account`,
    );
  });

  test("an invalid token is denied", async () => {
    const environment = { ...ready(), OS_AUTH_TOKEN: "AUTH_tk_another" };
    const backend = await openStoreAt("swift:backups:/", { environment, clock: systemClock });
    const failure = await failureOf(backend.list("keys", undefined, signal));
    expect(failure).toMatch(/^denied: swift:backups:\/keys\/ at \S+: access denied \(401\): /);
    expect(failure).not.toContain("AUTH_tk_another");
  });

  test("a user with read permission only can read a repository", async () => {
    const repo = await seeded(new Map([["config", Buffer.from("c")]]), "repo");
    const place = `${storage()}/${repo.split(":")[1]}`;
    const environment = { ...swiftLoginOf(server), ...SWIFT_READER };
    const backend = await openStoreAt(repo, { environment, clock: systemClock });
    expect(await failureOf(backend.list("keys", undefined, signal))).toMatch(
      /^denied: swift:container-\d+:\/repo\/keys\/ at \S+: access denied \(403\): the user needs to read/,
    );
    const headers = { "x-auth-token": token, "x-container-read": SWIFT_READER.ST_USER };
    await fetch(place, { method: "POST", headers });
    expect((await backend.list("keys", undefined, signal)).names).toEqual([]);
    expect(await backend.load("config", "", signal)).toHaveLength(1);
    const own = { "x-auth-token": await swiftToken(server, SWIFT_READER) };
    const written = await fetch(`${place}/repo/config`, { method: "PUT", headers: own, body: "d" });
    expect(written.status).toBe(403);
  });

  for (const login of ["v2 tenant", "v3 password project", "v3 application_credential"]) {
    // The fake replaces Keystone for restic and the agent. Swift itself is real.
    resticStoreSuite(`Swift behind Keystone, by ${login}`, async () => {
      const keystone = await FaultServer.start();
      const fake = new FakeKeystone(async () => ({ token, storageUrl: storage() }));
      keystone.answers(fake.serve);
      const { port } = new URL(keystone.url);
      return {
        repo: `swift:backups:/keystone-${port}`,
        environment: FakeKeystone.variables(keystone.url)[login] ?? {},
        stop: () => keystone.stop(),
      };
    });
  }

  resticStoreSuite("Swift", async () => ({
    repo: "swift:backups:/a b/repo",
    environment: swiftLoginOf(server),
    stop: async () => {},
  }));
});

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { failureOf } from "../../support/core/failure.ts";
import { FakeKeystone } from "../../support/backends/fake-keystone.ts";
import { answer, FaultServer, status } from "../../support/http/fault-server.ts";
import type { Fault } from "../../support/http/fault-server.ts";
import { openStoreAt } from "../../support/backends/object-store-backend.ts";

const { signal } = new AbortController();
const EMPTY = answer("[]", "application/json");
const PASSWORD = "a+pass word";

let store: FaultServer;
let server: FaultServer;
let keystone: FakeKeystone;
let clock: FakeClock;
let logins: number;
let lastsMs: number;

beforeEach(async () => {
  [store, server] = [await FaultServer.start(), await FaultServer.start()];
  clock = new FakeClock();
  [logins, lastsMs] = [0, 3_600_000];
  keystone = new FakeKeystone(async () => ({
    token: `token-${(logins += 1)}`,
    storageUrl: `${store.url}/v1/AUTH_1`,
    expires: new Date(clock.now() + lastsMs).toISOString(),
  }));
  server.answers(keystone.serve);
  store.answers(EMPTY);
});

afterEach(async () => {
  await store.stop();
  await server.stop();
});

function open(environment: Readonly<Record<string, string>>): Promise<Backend> {
  return openStoreAt("swift:backups:/repo", { environment, clock });
}

const list = async (backend: Backend): Promise<unknown> =>
  (await backend.list("keys", undefined, signal)).names;

async function failure(environment: Readonly<Record<string, string>>): Promise<string> {
  const failed = await failureOf(open(environment).then(list));
  for (const secret of [PASSWORD, "token-"]) expect(failed).not.toContain(secret);
  return failed.replaceAll(`127.0.0.1:${server.port}`, "HOST");
}

const tokens = (): readonly unknown[] =>
  store.requests.map(({ headers }) => headers["x-auth-token"]);

test.for(["v2 tenant", "v3 password project", "v3 application_credential"])(
  "a login by %s",
  async (way) => {
    const variables = FakeKeystone.variables(server.url)[way] ?? expect.fail();
    const environment = { ...variables, OS_REGION_NAME: "two" };
    expect(await list(await open(environment))).toEqual([]);
    expect(keystone.asked).toEqual([way]);
    expect(tokens()).toEqual(["token-1"]);
    expect(store.requests[0]?.url).toBe(
      "/v1/AUTH_1/backups?format=json&prefix=repo%2Fkeys%2F&delimiter=%2F&limit=1000",
    );
  },
);

const v3 = (): Readonly<Record<string, string>> =>
  FakeKeystone.variables(server.url)["v3 password project"] ?? {};

test.for([
  [{ OS_USER_ID: "u1", OS_USERNAME: "" }, '"user":{"id":"u1","password"'],
  [{ OS_USER_DOMAIN_ID: "d1" }, '"domain":{"id":"d1"},"password"'],
  [{ OS_TRUST_ID: "t1" }, '"scope":{"OS-TRUST:trust":{"id":"t1"}}'],
  [{ OS_TENANT_ID: "p1" }, '"scope":{"project":{"id":"p1"}}'],
  [{ OS_PROJECT_NAME: "", OS_TENANT_NAME: "t" }, '"scope":{"project":{"name":"t","domain"'],
  [
    { OS_APPLICATION_CREDENTIAL_NAME: "c", OS_APPLICATION_CREDENTIAL_SECRET: "s" },
    '"application_credential":{"name":"c","user":{"name":"monitor","domain":{"name":"Default"}},"secret":"s"}}}}',
  ],
] as const)("%j sends %s", async ([environment, part]) => {
  await failure({ ...v3(), ...environment });
  expect(keystone.asked[0]).toContain(part);
});

test("a login by version 1 of the server itself", async () => {
  const v1: Fault = (request, response) => {
    const { "x-auth-user": user, "x-auth-key": key } = request.headers;
    const good = user === "test:tester" && key === PASSWORD;
    if (!good) return status(401)(request, response);
    response
      .writeHead(204, { "x-auth-token": "token-v1", "x-storage-url": `${store.url}/v1/AUTH_1/` })
      .end();
  };
  server.answers(v1);
  const environment = {
    ST_AUTH: `${server.url}/auth/v1.0`,
    ST_USER: "test:tester",
    ST_KEY: PASSWORD,
  };
  await list(await open(environment));
  expect([tokens(), store.requests[0]?.url?.startsWith("/v1/AUTH_1/backups?")]).toEqual([
    ["token-v1"],
    true,
  ]);
});

test("a token is cached, and replaced before it expires or when it is rejected", async () => {
  const backend = await open(v3());
  await list(backend);
  await clock.advance(3_530_000);
  await list(backend);
  await clock.advance(20_000);
  await list(backend);
  store.answers(status(401), EMPTY);
  await list(backend);
  expect(tokens()).toEqual(["token-1", "token-1", "token-2", "token-2", "token-3"]);
});

test("each page begins after the last name of the page before", async () => {
  const names = Array.from({ length: 1000 }, (_, index) => ({
    name: `repo/keys/f${index}`,
    bytes: index,
  }));
  store.answers(answer(JSON.stringify(names)), answer('[{"subdir":"repo/keys/x/"}]'));
  const backend = await open(v3());
  const page = await backend.list("keys", undefined, signal);
  expect([...page.names]).toEqual(names.map(({ name }) => name.slice("repo/keys/".length)));
  expect(await backend.list("keys", page.next, signal)).toMatchObject({
    names: [],
    next: undefined,
  });
  expect(store.requests[1]?.url).toContain("&marker=repo%2Fkeys%2Ff999&");
});

describe("a message says what is wrong:", () => {
  const WHERE = "swift:backups:/";
  test.for([
    [
      {},
      `config: ${WHERE}: no login is set in the environment of the repository: set OS_AUTH_URL (Keystone) or ST_AUTH (version 1) with user and password, or OS_STORAGE_URL and OS_AUTH_TOKEN`,
    ],
    [
      { OS_AUTH_URL: "https://host/identity" },
      `config: ${WHERE}: OS_AUTH_URL has no version: the path must contain v1, v2.0 or v3`,
    ],
    [{ OS_AUTH_URL: "host/v3" }, `config: ${WHERE}: OS_AUTH_URL is not an address`],
    [
      { OS_AUTH_URL: "https://host/v3", OS_USERNAME: "u" },
      `config: ${WHERE}: OS_PASSWORD is not set in the environment of the repository`,
    ],
    [
      { ST_AUTH: "https://host/v1.0" },
      `config: ${WHERE}: ST_USER or OS_USERNAME is not set in the environment of the repository`,
    ],
  ] as const)("%j", async ([environment, message]) => {
    expect(await failure(environment)).toBe(message);
  });

  test("a wrong password", async () => {
    expect(await failure({ ...v3(), OS_PASSWORD: "wrong" })).toBe(
      `denied: ${WHERE}: the login at HOST: rejected (401): user, password, project and domains must belong to an existing account`,
    );
  });

  test("an unknown region", async () => {
    expect(await failure({ ...v3(), OS_REGION_NAME: "three" })).toBe(
      `config: ${WHERE}: the login at HOST: no object storage in the region three: set OS_REGION_NAME to one of one, two`,
    );
  });

  test("an account without object storage, and a server that is no identity service", async () => {
    const bare = status(201, { "x-subject-token": "token-1" }, '{"token":{"catalog":[]}}');
    server.answers(bare);
    expect(await failure(v3())).toBe(
      `config: ${WHERE}: the login at HOST: the account has no public object storage: is the project set (OS_PROJECT_NAME, OS_TENANT_NAME)?`,
    );
    server.answers(answer("<html>"));
    expect(await failure(v3())).toBe(
      `other: ${WHERE}: the login at HOST: the response has no token`,
    );
    server.answers(status(503));
    expect(await failure(v3())).toBe(
      `transient unreachable: ${WHERE}: the login at HOST: the server answers 503`,
    );
  });

  test("a missing container, a rate limit, an invalid storage URL", async () => {
    store.answers(status(404));
    expect(await failure(v3())).toMatch(
      /^not_found: swift:backups:\/repo\/keys\/ at \S+: the container backups does not exist \(404\)$/,
    );
    store.answers(status(498));
    expect(await failure(v3())).toMatch(/^transient unreachable: .* the server answers 429$/);
    keystone.given = async () => ({ token: "token-1", storageUrl: "nowhere" });
    expect(await failure(v3())).toBe(
      `config: ${WHERE}: the storage URL from the login is not an address`,
    );
  });
});

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import type { Backend } from "../../../instrumentation/backends/backend.ts";
import type { LoadGoogleAuth } from "../../../instrumentation/backends/gs/google-auth.ts";
import { openStoreAt } from "../../support/backends/object-store-backend.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { failureOf } from "../../support/core/failure.ts";
import { answer, FaultServer } from "../../support/http/fault-server.ts";
import { LoopbackProxy } from "../../support/http/loopback-proxy.ts";

const TLS = join(import.meta.dirname, "../../fixtures/tls/server.pem");
const SCOPE = "https://www.googleapis.com/auth/devstorage.read_only";
const FILE = { type: "external_account", audience: "a pool", secret: "a-secret" };
const { signal } = new AbortController();

let folder: string;
let file: string;
let google: FaultServer;
let proxy: LoopbackProxy;
let clock: FakeClock;
/** The options of each GoogleAuth. */
let made: unknown[];
let getAccessToken: (signal?: AbortSignal) => Promise<{ token?: string | null }>;
let expiry: number | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "google-"));
  file = join(folder, "credentials.json");
  await writeFile(file, JSON.stringify(FILE));
  google = await FaultServer.start({ tls: { pem: await readFile(TLS, "utf8") } });
  google.answers(answer(JSON.stringify({ kind: "storage#objects" }), "application/json"));
  proxy = await LoopbackProxy.start(() => google.port);
  clock = new FakeClock();
  [made, expiry] = [[], undefined];
  let count = 0;
  getAccessToken = async () => ({ token: `token-${(count += 1)}` });
});

afterEach(async () => {
  await proxy.stop();
  await google.stop();
  await rm(folder, { recursive: true });
});

/** A package of the shape of google-auth-library. */
const loadGoogleAuth: LoadGoogleAuth = async () => ({
  GoogleAuth: class {
    constructor(options: object) {
      made.push(options);
    }

    async getClient() {
      return {
        getAccessToken: () => getAccessToken(),
        credentials: expiry === undefined ? {} : { expiry_date: expiry },
      };
    }
  },
});

function open(load: LoadGoogleAuth = loadGoogleAuth): Promise<Backend> {
  return openStoreAt("gs:bucket:/repo", {
    environment: {
      HTTPS_PROXY: `http://${proxy.where}`,
      GOOGLE_APPLICATION_CREDENTIALS: file,
    },
    insecureTls: true,
    clock,
    loadGoogleAuth: load,
  });
}

const list = async (backend: Backend, until = signal): Promise<unknown> =>
  (await backend.list("keys", undefined, until)).names;

const bearers = (): readonly unknown[] =>
  google.requests.map(({ headers }) => headers.authorization?.replace("Bearer ", ""));

async function failure(load?: LoadGoogleAuth): Promise<string> {
  const failed = await failureOf(open(load).then((backend) => list(backend)));
  expect(failed).not.toContain("a-secret");
  return failed.replace(file, "FILE");
}

test.for(["external_account", "external_account_authorized_user", "impersonated_service_account"])(
  "the library gets the token for a file of the type %s",
  async (type) => {
    await writeFile(file, JSON.stringify({ ...FILE, type }));
    expect(await list(await open())).toEqual([]);
    expect(made).toEqual([{ credentials: { ...FILE, type }, scopes: [SCOPE] }]);
    expect(bearers()).toEqual(["token-1"]);
  },
);

test.for([
  ["that the library states", 1_800_000],
  ["of an hour if the library states none", undefined],
] as const)("a token is kept until the expiry %s", async ([, lifetime]) => {
  expiry = lifetime === undefined ? undefined : clock.now() + lifetime;
  const backend = await open();
  await list(backend);
  await list(backend);
  await clock.advance((lifetime ?? 3_600_000) - 100_000);
  expiry = undefined;
  await list(backend);
  expect(bearers()).toEqual(["token-1", "token-1", "token-2"]);
});

test("a missing package is named, with the command that installs it", async () => {
  expect(await failure(() => Promise.reject(new Error("not found")))).toBe(
    "config: gs:bucket:/: the file FILE (external_account) needs the package google-auth-library: npm install google-auth-library",
  );
});

const TEST = "test it with: gcloud auth application-default print-access-token";

// The members are those of the errors of google-auth-library 11.
test.for([
  [{ status: 400, code: "400" }, `denied: NONE (400); ${TEST}`],
  [{ code: "ENOENT" }, `denied: NONE (ENOENT); ${TEST}`],
  [{}, `denied: NONE (unknown error); ${TEST}`],
  [{ status: 500, code: "500" }, "transient unreachable: NONE (500)"],
  [{ status: 429 }, "transient unreachable: NONE (429)"],
  [{ code: "ECONNREFUSED" }, "transient unreachable: NONE (ECONNREFUSED)"],
  [{ code: "ENOTFOUND" }, "transient unreachable: NONE (ENOTFOUND)"],
] as const)("an error with %j is classified, and not quoted", async ([members, expected]) => {
  getAccessToken = () => Promise.reject(Object.assign(new Error("quotes a-secret"), members));
  const none = "gs:bucket:/: the file FILE (external_account): no token";
  expect(await failure()).toBe(expected.replace("NONE", none));
});

test("a library that returns no token is named", async () => {
  getAccessToken = async () => ({ token: null });
  expect(await failure()).toBe(
    "other: gs:bucket:/: the file FILE (external_account): google-auth-library returned no token",
  );
});

test("an aborted signal ends the wait for the library", async () => {
  const abort = new AbortController();
  const reason = new Error("the time is over");
  getAccessToken = () => {
    abort.abort(reason);
    return new Promise(() => {});
  };
  await expect(list(await open(), abort.signal)).rejects.toBe(reason);
});

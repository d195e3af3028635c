import { createVerify, generateKeyPairSync } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { failureOf } from "../../support/core/failure.ts";
import { answer, FaultServer, hang, loginPage, status } from "../../support/http/fault-server.ts";
import type { Fault } from "../../support/http/fault-server.ts";
import { LoopbackProxy } from "../../support/http/loopback-proxy.ts";
import { openStoreAt } from "../../support/backends/object-store-backend.ts";

const TLS = join(import.meta.dirname, "../../fixtures/tls/server.pem");
const { signal } = new AbortController();
const { privateKey, publicKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});
const EMPTY = answer(JSON.stringify({ kind: "storage#objects" }), "application/json");
const ACCOUNT = {
  type: "service_account",
  client_email: "monitor@project.iam.gserviceaccount.com",
  private_key: privateKey,
  private_key_id: "key-1",
};

/** The token server and the store, behind a proxy; no proxy reaches the metadata server. */
let google: FaultServer;
let metadata: FaultServer;
let proxy: LoopbackProxy;
let folder: string;
let clock: FakeClock;
let file: string;
/** The requests to the token server, and the tokens that the store received. */
let forms: URLSearchParams[];
let tokens: string[];
/** Tokens to issue in turn, the last one repeatedly. The store accepts tokens that begin with `good`. */
let given: string[];
let refused: Fault | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "google-"));
  file = join(folder, "credentials.json");
  google = await FaultServer.start({ tls: { pem: await readFile(TLS, "utf8") } });
  metadata = await FaultServer.start();
  proxy = await LoopbackProxy.start(() => google.port);
  clock = new FakeClock();
  [forms, tokens, given, refused] = [[], [], ["good"], undefined];
  google.answers(serve);
});

afterEach(async () => {
  await proxy.stop();
  await google.stop();
  await metadata.stop();
  await rm(folder, { recursive: true });
});

const serve: Fault = (request, response) => {
  if (request.method !== "POST") {
    const token = (request.headers.authorization ?? "").replace("Bearer ", "");
    tokens.push(token);
    return token.startsWith("good") ? EMPTY(request, response) : status(401)(request, response);
  }
  void (async () => {
    forms.push(new URLSearchParams(await text(request)));
    if (refused) return refused(request, response);
    const [token, ...rest] = given;
    if (rest.length > 0) given = rest;
    response.end(JSON.stringify({ access_token: token, expires_in: 3600 }));
  })();
};

function open(environment: Readonly<Record<string, string>> = {}): Promise<Backend> {
  return openStoreAt("gs:bucket:/repo", {
    environment: {
      HTTPS_PROXY: `http://${proxy.where}`,
      GOOGLE_APPLICATION_CREDENTIALS: file,
      ...environment,
    },
    insecureTls: true,
    clock,
  });
}

const list = async (backend: Backend): Promise<unknown> =>
  (await backend.list("keys", undefined, signal)).names;

async function failure(environment: Readonly<Record<string, string>> = {}): Promise<string> {
  const failed = await failureOf(list(await open(environment)));
  for (const secret of [privateKey, "a-secret", "refresh-1"]) expect(failed).not.toContain(secret);
  return failed.replace(file, "FILE");
}

test("a service account signs a JWT and asks for the read-only scope", async () => {
  await writeFile(file, JSON.stringify(ACCOUNT));
  expect(await list(await open())).toEqual([]);
  expect(proxy.asked).toEqual([
    "CONNECT oauth2.googleapis.com:443",
    "CONNECT storage.googleapis.com:443",
  ]);
  const [form = expect.fail()] = forms;
  expect(form.get("grant_type")).toBe("urn:ietf:params:oauth:grant-type:jwt-bearer");
  const [head = "", claims = "", signature = ""] = (form.get("assertion") ?? "").split(".");
  const verify = createVerify("RSA-SHA256").update(`${head}.${claims}`);
  expect(verify.verify(publicKey, signature, "base64url")).toBe(true);
  const decoded = [head, claims].map((part): unknown =>
    JSON.parse(Buffer.from(part, "base64url").toString()),
  );
  expect(decoded).toEqual([
    { alg: "RS256", typ: "JWT", kid: "key-1" },
    {
      iss: ACCOUNT.client_email,
      scope: "https://www.googleapis.com/auth/devstorage.read_only",
      aud: "https://oauth2.googleapis.com/token",
      iat: 1_767_225_600,
      exp: 1_767_229_200,
    },
  ]);
});

test("a user account sends its refresh token", async () => {
  const own = { client_id: "id-1", client_secret: "a-secret", refresh_token: "refresh-1" };
  await writeFile(file, JSON.stringify({ type: "authorized_user", ...own }));
  await list(await open());
  expect(Object.fromEntries(forms[0] ?? [])).toEqual({ grant_type: "refresh_token", ...own });
});

test("GOOGLE_ACCESS_TOKEN wins, and is not renewed", async () => {
  expect(await list(await open({ GOOGLE_ACCESS_TOKEN: "good-one" }))).toEqual([]);
  expect(await failure({ GOOGLE_ACCESS_TOKEN: "bad" })).toBe(
    "denied: gs:bucket:/repo/keys/ at storage.googleapis.com: access denied (401): GOOGLE_APPLICATION_CREDENTIALS or GOOGLE_ACCESS_TOKEN must belong to an existing account and not be expired",
  );
  expect([forms.length, tokens]).toEqual([0, ["good-one", "bad"]]);
});

test("a token is cached, and replaced before it expires or when it is rejected", async () => {
  await writeFile(file, JSON.stringify(ACCOUNT));
  given = ["good-1", "good-2"];
  const backend = await open();
  await list(backend);
  await clock.advance(56 * 60_000);
  await list(backend);
  await clock.advance(60_000);
  await list(backend);
  expect(tokens).toEqual(["good-1", "good-1", "good-2"]);

  [given, tokens] = [["revoked", "good-3"], []];
  await clock.advance(3_600_000);
  expect(await list(backend)).toEqual([]);
  expect(tokens).toEqual(["revoked", "good-3"]);
});

test("parallel requests share one token", async () => {
  await writeFile(file, JSON.stringify(ACCOUNT));
  const backend = await open();
  await Promise.all([1, 2, 3, 4].map(() => list(backend)));
  expect([forms.length, tokens.length]).toEqual([1, 4]);
});

describe("the machine's account", () => {
  const none = { GOOGLE_APPLICATION_CREDENTIALS: "" };
  const home = (): Record<string, string> => ({
    ...none,
    HOME: folder,
    GCE_METADATA_HOST: `127.0.0.1:${metadata.port}`,
  });

  test("is used without a credentials file", async () => {
    const token = JSON.stringify({ access_token: "good-machine", expires_in: 3000 });
    metadata.answers(status(200, { "metadata-flavor": "Google" }, token));
    await list(await open(home()));
    expect(tokens).toEqual(["good-machine"]);
    const [request] = metadata.requests;
    expect(request?.url).toBe(
      "/computeMetadata/v1/instance/service-accounts/default/token?scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fdevstorage.read_only",
    );
    expect(request?.headers["metadata-flavor"]).toBe("Google");
  });

  test.for([
    ["another server", loginPage],
    ["a closed port", undefined],
  ] as const)("is not accepted from %s", async ([, fault]) => {
    if (fault) metadata.answers(fault);
    const where = `127.0.0.1:${metadata.port}`;
    if (!fault) {
      await metadata.stop();
      metadata = await FaultServer.start();
    }
    expect(await failure({ ...home(), GCE_METADATA_HOST: where })).toBe(
      `config: gs:bucket:/: no credentials are set: set GOOGLE_APPLICATION_CREDENTIALS or GOOGLE_ACCESS_TOKEN; this machine has no service account either (${where} does not answer)`,
    );
  });

  test("times out temporarily when the metadata server is silent", async () => {
    metadata.answers(hang("before headers"));
    expect(await failure(home())).toBe(
      `transient timeout: gs:bucket:/: no credentials are set, and the metadata server at 127.0.0.1:${metadata.port} did not answer in time`,
    );
  });

  test("comes after gcloud's credentials file", async () => {
    const config = { CLOUDSDK_CONFIG: folder };
    await writeFile(join(folder, "application_default_credentials.json"), JSON.stringify(ACCOUNT));
    await list(await open({ ...home(), ...config }));
    expect([forms.length, metadata.requests.length]).toEqual([1, 0]);
  });
});

describe("a message says what is wrong:", () => {
  test("a missing file", async () => {
    expect(await failure()).toBe(
      "secret: gs:bucket:/: GOOGLE_APPLICATION_CREDENTIALS: the file FILE cannot be read",
    );
  });

  test.for([
    ["not JSON", "{", "none"],
    ["an invalid key", JSON.stringify({ ...ACCOUNT, private_key: "x" }), "service_account"],
    ["an unsupported type", '{"type":"gdch_service_account"}', "gdch_service_account"],
  ] as const)("%s", async ([, content, type]) => {
    await writeFile(file, content);
    expect(await failure()).toBe(
      `config: gs:bucket:/: the file FILE has no usable key of a service account or user (type ${type}): create a new one, or set GOOGLE_ACCESS_TOKEN`,
    );
  });

  test("a deleted account", async () => {
    await writeFile(file, JSON.stringify(ACCOUNT));
    refused = status(400, {}, JSON.stringify({ error: "invalid_grant", error_description: "x" }));
    expect(await failure()).toBe(
      "denied: gs:bucket:/: the token for monitor@project.iam.gserviceaccount.com at oauth2.googleapis.com: rejected (400 invalid_grant): the key in FILE must still exist, and the clock of this machine must be right",
    );
  });

  test("a token server that fails temporarily, and one that is none", async () => {
    await writeFile(file, JSON.stringify(ACCOUNT));
    refused = status(503);
    expect(await failure()).toMatch(/^transient unreachable: .* the server answers 503$/);
    refused = loginPage;
    expect(await failure()).toMatch(/^other: .* the response has no token$/);
  });
});

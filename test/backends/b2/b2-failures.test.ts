import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { AgentError } from "../../../instrumentation/core/error.ts";
import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { openB2At, startB2 } from "../../support/backends/b2-backend.ts";
import { failureOf } from "../../support/core/failure.ts";
import { refusal } from "../../support/backends/b2-answers.ts";
import type { FakeB2 } from "../../support/backends/fake-b2.ts";
import {
  FaultServer,
  answer,
  close,
  hang,
  loginPage,
  status,
} from "../../support/http/fault-server.ts";

const TLS = join(import.meta.dirname, "../../fixtures/tls");
const { signal } = new AbortController();

let server: FaultServer;
let b2: FakeB2;

beforeEach(async () => {
  ({ server, b2 } = await startB2());
});

afterEach(() => server.stop());

function open(environment: Readonly<Record<string, string>> = {}): Promise<Backend> {
  return openB2At("b2:backups:repo", {
    environment: { ...b2.environment, ...environment },
    requestTimeoutMs: 1000,
  });
}

async function failing(environment: Readonly<Record<string, string>> = {}): Promise<string> {
  const backend = await open(environment);
  const failure = await failureOf(backend.list("keys", undefined, signal));
  for (const secret of [b2.keyId, b2.key, "token_"]) expect(failure).not.toContain(secret);
  return failure.replaceAll(`127.0.0.1:${server.port}`, "HOST");
}

describe("B2 denies, with a hint,", () => {
  test.for([
    ["a wrong key", { B2_ACCOUNT_KEY: "K001wrong" }],
    ["a key that does not exist", { B2_ACCOUNT_ID: "unknown" }],
  ] as const)("%s", async ([, environment]) => {
    expect(await failing(environment)).toBe(
      "denied: b2:backups: authorization at HOST: access denied (401 unauthorized): B2_ACCOUNT_ID and B2_ACCOUNT_KEY must be the id and the key of an existing application key",
    );
  });

  test("a key of other buckets", async () => {
    const buckets = [
      { id: "1", name: "other-bucket" },
      { id: "2", name: null },
    ];
    b2.may = { ...b2.restricted(), buckets };
    b2.form = "v4";
    expect(await failing()).toBe(
      "denied: b2:backups: the application key is restricted to other buckets: other-bucket, a deleted bucket",
    );
  });

  test("a key of another prefix, without a request", async () => {
    b2.may = b2.restricted("repo2/");
    expect(await failing()).toBe(
      "denied: b2:backups:repo/keys/: the application key is restricted to names that begin with repo2/",
    );
    expect(b2.calls).toEqual(["b2_authorize_account"]);
  });

  test("a key without the capability, without a request", async () => {
    b2.may = { ...b2.restricted(), capabilities: ["listFiles"] };
    const backend = await open();
    await backend.list("keys", undefined, signal);
    expect(await failureOf(backend.load("config", "", signal))).toBe(
      "denied: b2:backups:repo/config: the application key lacks the capability readFiles: it needs listFiles and readFiles",
    );
    expect(b2.calls).toEqual(["b2_authorize_account", "b2_list_file_names"]);
  });

  test("a key that is not restricted to this bucket and cannot list buckets", async () => {
    b2.may = { capabilities: ["listFiles", "readFiles"] };
    expect(await failing()).toBe(
      "denied: b2:backups at HOST: access denied (401 unauthorized): restrict the application key to this bucket, or add the capability listBuckets",
    );
  });

  test.for(["transaction_cap_exceeded", "download_cap_exceeded", "cap_exceeded"])(
    "%s",
    async (code) => {
      server.answers(b2.serve, b2.serve, refusal(403, code));
      expect(await failing()).toBe(
        `denied: b2:backups:repo/keys/ at HOST: a cap of the account is exceeded (403 ${code}): raise it under Caps & Alerts, or wait for midnight UTC`,
      );
    },
  );
});

describe("a bucket", () => {
  test("that does not exist is not found", async () => {
    b2.bucket = undefined;
    expect(await failing()).toBe(
      "not_found: b2:backups at HOST: the bucket does not exist in the account of this key",
    );
  });

  test("that was deleted and created again is found by the next call", async () => {
    const backend = await open();
    await backend.list("keys", undefined, signal);
    b2.bucketId = "new-id";
    expect(await failureOf(backend.list("keys", undefined, signal))).toMatch(
      /^not_found: b2:backups:repo\/keys\/ at \S+: the bucket no longer exists \(400 bad_bucket_id\)$/,
    );
    expect((await backend.list("keys", undefined, signal)).names).toEqual([]);
  });
});

describe("a temporary failure:", () => {
  test.for([
    ["authorization", 0, 0],
    ["the bucket's id", 1, 1],
    ["a listing", 2, 0],
  ] as const)("503 and 429 with Retry-After to %s", async ([, before, between]) => {
    server.answers(
      ...Array.from({ length: before }, () => b2.serve),
      refusal(503, "service_unavailable", { "retry-after": "5" }),
      ...Array.from({ length: between }, () => b2.serve),
      refusal(429, "too_many_requests", { "retry-after": "7" }),
      b2.serve,
    );
    const backend = await open();
    for (const retryAfterMs of [5000, 7000]) {
      const error = await backend
        .list("keys", undefined, signal)
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(AgentError);
      expect(error).toMatchObject({ code: "unreachable", transient: true, retryAfterMs });
    }
    expect((await backend.list("keys", undefined, signal)).names).toEqual([]);
    // A token that is in use is kept.
    expect(server.requests).toHaveLength(before === 1 ? 7 : 5);
  });

  test("after a broken connection the next call authorizes again and uses the new host", async () => {
    b2.may = b2.restricted();
    const gone = await FaultServer.start();
    gone.answers(close("before headers"));
    b2.downloadUrl = () => gone.url;
    const backend = await open();
    expect(await failureOf(backend.load("config", "", signal))).toMatch(/^transient unreachable: /);
    b2.downloadUrl = () => server.url;
    expect(await backend.load("config", "", signal)).toHaveLength(1);
    await gone.stop();
  });

  test("an aborted call does not abort others that wait for its token", async () => {
    server.answers(hang("before headers"), b2.serve);
    const backend = await open();
    const abort = new AbortController();
    const reason = new Error("given up");
    const first = backend.load("config", "", abort.signal).catch((error: unknown) => error);
    const second = backend.load("config", "", signal);
    while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    abort.abort(reason);
    expect(await first).toBe(reason);
    expect(await second).toHaveLength(1);
  });
});

describe("a foreign response:", () => {
  test.for([
    ["authorization", 0],
    ["buckets", 1],
    ["listing", 2],
  ] as const)("a login page instead of %s", async ([, before]) => {
    server.answers(...Array.from({ length: before }, () => b2.serve), loginPage);
    expect(await failing()).toMatch(
      /^other: .* answers 200 with text\/html, but not as Backblaze B2 does/,
    );
  });

  test("an error without a code", async () => {
    server.answers(b2.serve, b2.serve, status(403, {}, "<html>K001 says no</html>"));
    expect(await failing()).toMatch(/access denied \(403\): the application key needs/);
    server.answers(b2.serve, b2.serve, refusal(400, "bad_request"));
    expect(await failing()).toBe(
      "other: b2:backups:repo/keys/ at HOST: the server answers 400 bad_request",
    );
  });

  test("an endless listing is bounded and is not called corrupt", async () => {
    const endless = Buffer.alloc(16 * 1024 * 1024 + 1, " ");
    server.answers(b2.serve, b2.serve, answer(endless));
    expect(await failing()).toMatch(/^other: b2:backups: HOST sends more than 16777216 bytes/);
  });

  test("a token is never sent by http if the API uses https", async () => {
    const pem = await readFile(join(TLS, "server.pem"), "utf8");
    const secure = await FaultServer.start({ tls: { pem } });
    secure.answers(b2.serve);
    const environment = { B2_API_URL: secure.url, RESTIC_CACERT: join(TLS, "ca.pem") };
    expect(await failing(environment)).toMatch(
      /^other: b2:backups: authorization at .*, but not as Backblaze B2 does/,
    );
    b2.apiUrl = () => secure.url;
    b2.downloadUrl = () => secure.url;
    expect(await (await open(environment)).load("config", "", signal)).toHaveLength(1);
    await secure.stop();
    expect(server.requests).toEqual([]);
  });
});

test.for(["B2_ACCOUNT_ID", "B2_ACCOUNT_KEY"])("%s must be set", async (name) => {
  expect(await failureOf(open({ [name]: "" }))).toBe(
    `config: b2:backups: ${name} is not set in the environment of the repository`,
  );
});

test.for(["nowhere", "ftp://host"])("B2_API_URL %s is not an address", async (address) => {
  expect(await failureOf(open({ B2_API_URL: address }))).toBe(
    "config: b2:backups: B2_API_URL is not an address",
  );
});

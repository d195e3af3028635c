import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { backendSuite } from "../../support/backends/backend-suite.ts";
import { failureOf } from "../../support/core/failure.ts";
import { FaultServer, answer } from "../../support/http/fault-server.ts";
import { restFiles } from "../../support/repository/rest-files.ts";
import { openRestAt } from "../../support/backends/rest-backend.ts";

const ID = "a".repeat(64);
const { signal } = new AbortController();

let server: FaultServer;

beforeEach(async () => {
  server = await FaultServer.start();
});

afterEach(() => server.stop());

/** Opens the server's root, or what `address` makes of its URL. */
function open(
  address: (url: string) => string = (url) => url,
  environment: Readonly<Record<string, string>> = {},
): Promise<Backend> {
  return openRestAt(`rest:${address(server.url)}`, { environment });
}

const withLogin = (url: string): string => url.replace("//", "//us%65r:p%40ss@");

backendSuite("a REST server of version 2", (files) => {
  server.answers(restFiles(files, 2));
  return open();
});

backendSuite("a REST server of version 1", (files) => {
  server.answers(restFiles(files, 1));
  return open();
});

backendSuite(
  "a REST server with a login, far below the root",
  (files) => {
    server.answers(restFiles(files, 2, "/a%20b/c/"));
    return open((url) => `${withLogin(url)}/a%20b/c`);
  },
  { credentials: ["user", "us%65r", "p@ss", "p%40ss"] },
);

test("nothing but GET is sent, with the type of version 2 and nothing else asked for", async () => {
  server.answers(restFiles(new Map([["config", Buffer.from("c")]]), 2));
  const backend = await open();
  await backend.load("config", "", signal);
  await backend.list("keys", undefined, signal);
  await failureOf(backend.load("keys", ID, signal));
  expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
    "GET /config",
    "GET /keys/",
    `GET /keys/${ID}`,
  ]);
  for (const { headers } of server.requests) {
    expect(headers.accept).toBe("application/vnd.x.restic.rest.v2");
    expect(headers).not.toHaveProperty("authorization");
    expect(headers).not.toHaveProperty("range");
  }
});

describe("the login", () => {
  const RESTIC_REST_USERNAME = "env user";
  const RESTIC_REST_PASSWORD = "pässwörd";

  test.for([
    ["of the address", "user:pass@", {}, "user:pass"],
    ["of the address, decoded", "us%40er:p%3Aa%2Fss@", {}, "us@er:p:a/ss"],
    [
      "of the address before that of the environment",
      "user:pass@",
      { RESTIC_REST_USERNAME, RESTIC_REST_PASSWORD },
      "user:pass",
    ],
    [
      "of the address as a whole: its missing password is empty",
      "user@",
      { RESTIC_REST_USERNAME, RESTIC_REST_PASSWORD },
      "user:",
    ],
    ["of the environment", "", { RESTIC_REST_USERNAME, RESTIC_REST_PASSWORD }, "env user:pässwörd"],
    ["of the environment, without a user", "", { RESTIC_REST_PASSWORD }, ":pässwörd"],
    ["of the environment, without a password", "", { RESTIC_REST_USERNAME }, "env user:"],
  ] as const)("%s", async ([, login, environment, sent]) => {
    server.answers(answer("c"));
    const backend = await open((url) => url.replace("//", `//${login}`), environment);
    await backend.load("config", "", signal);
    expect(server.requests[0]?.headers.authorization).toBe(
      `Basic ${Buffer.from(sent).toString("base64")}`,
    );
  });
});

describe("a listing", () => {
  const names = async (body: string): Promise<unknown> => {
    server.answers(answer(body));
    return (await (await open()).list("keys", undefined, signal)).names;
  };

  test("of version 2 has sizes, one of version 1 has none", async () => {
    expect(await names(`[{"name":"a","size":5},{"name":"b","size":0}]`)).toEqual(["a", "b"]);
    expect(await names(`["a","b"]`)).toEqual(["a", "b"]);
  });

  test("may hold what is no file", async () => {
    const body = `[null,1,{},{"name":5},[],{"name":"a","size":"5"},"b"]`;
    expect(await names(body)).toEqual(["a", "b"]);
  });

  test("says how long it was", async () => {
    server.answers(answer(`["a"]`));
    const backend = await open();
    expect((await backend.list("keys", undefined, signal)).receivedBytes).toBe(5);
  });
});

describe("a unix socket", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "socket-"));
  });

  afterEach(() => rm(folder, { recursive: true }));

  test("is asked for the path behind the colon", async () => {
    const socketPath = join(folder, "s");
    const onSocket = await FaultServer.start({ socketPath });
    onSocket.answers(answer("c"));
    const backend = await openRestAt(`rest:http+unix://${socketPath}:/a/b`, {});
    expect(backend.location).toBe(`${socketPath}:/a/b/`);
    await backend.load("config", "", signal);
    expect(onSocket.requests.map(({ url }) => url)).toEqual(["/a/b/config"]);
    await onSocket.stop();
  });
});

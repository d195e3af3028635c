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

/** Opens the server's URL, changed by `address`. */
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

backendSuite(
  "a REST server of version 1",
  (files) => {
    server.answers(restFiles(files, 1));
    return open();
  },
  { hasSizes: false },
);

backendSuite(
  "a REST server with a login, far below the root",
  (files) => {
    server.answers(restFiles(files, 2, "/a%20b/c/"));
    return open((url) => `${withLogin(url)}/a%20b/c`);
  },
  { credentials: ["user", "us%65r", "p@ss", "p%40ss"] },
);

test("only GET requests are sent, with the media type of version 2", async () => {
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
    ["of the URL", "user:pass@", {}, "user:pass"],
    ["of the URL, decoded", "us%40er:p%3Aa%2Fss@", {}, "us@er:p:a/ss"],
    [
      "of the URL before that of the environment",
      "user:pass@",
      { RESTIC_REST_USERNAME, RESTIC_REST_PASSWORD },
      "user:pass",
    ],
    [
      "of the URL is never mixed: its missing password is empty",
      "user@",
      { RESTIC_REST_USERNAME, RESTIC_REST_PASSWORD },
      "user:",
    ],
    ["of the environment", "", { RESTIC_REST_USERNAME, RESTIC_REST_PASSWORD }, "env user:pässwörd"],
    ["of the environment, without a user", "", { RESTIC_REST_PASSWORD }, ":pässwörd"],
    ["of the environment, without a password", "", { RESTIC_REST_USERNAME }, "env user:"],
  ] as const)("%s is sent", async ([, login, environment, sent]) => {
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

  test("has names with sizes in version 2, names in version 1", async () => {
    expect(await names(`[{"name":"a","size":5},{"name":"b","size":0}]`)).toEqual(["a", "b"]);
    expect(await names(`["a","b"]`)).toEqual(["a", "b"]);
  });

  test("may contain foreign entries", async () => {
    const body = `[null,1,{},{"name":5},[],{"name":"a","size":"5"},"b"]`;
    expect(await names(body)).toEqual(["a", "b"]);
  });

  test("reports its received bytes", async () => {
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

  test("gets requests for the path behind the colon", async () => {
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

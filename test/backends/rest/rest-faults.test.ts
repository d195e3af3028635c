import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { failureOf } from "../../support/core/failure.ts";
import {
  FaultServer,
  answer,
  close,
  hang,
  loginPage,
  longListing,
  redirect,
  reset,
  status,
} from "../../support/http/fault-server.ts";
import { openRestAt } from "../../support/backends/rest-backend.ts";

const { signal } = new AbortController();
const MEGABYTE = 2 ** 20;

let server: FaultServer;
let where: string;
let backend: Backend;

beforeEach(async () => {
  server = await FaultServer.start();
  where = `127.0.0.1:${server.port}`;
  backend = await openRestAt(repo());
});

const repo = (): string => `rest:${server.url.replace("//", "//someone:secret@")}/repo`;

afterEach(() => server.stop());

const list = (): Promise<string> => failureOf(backend.list("keys", undefined, signal));
const load = (): Promise<string> => failureOf(backend.load("config", "", signal));

test.for([
  ["a reset", reset("mid body"), "transient unreachable", "WHERE closed the connection"],
  ["half a body", close("mid body"), "transient unreachable", "WHERE closed the connection"],
  ["401", status(401), "denied", "http://WHERE/repo/PATH: access denied (401)"],
  ["403", status(403), "denied", "http://WHERE/repo/PATH: access denied (403)"],
  [
    "429",
    status(429, { "retry-after": "7" }),
    "transient unreachable",
    "http://WHERE/repo/PATH: the server answers 429",
  ],
  ["500", status(500), "transient unreachable", "http://WHERE/repo/PATH: the server answers 500"],
  ["400", status(400), "other", "http://WHERE/repo/PATH: the server answers 400"],
  [
    "400 of nginx to http instead of https",
    status(400, {}, "<center>The plain HTTP request was sent to HTTPS port</center>"),
    "config",
    "http://WHERE/repo/PATH: the server expects HTTPS: write https:// (400)",
  ],
  [
    "400 of rest-server to http instead of https",
    status(400, {}, "Client sent an HTTP request to an HTTPS server.\n"),
    "config",
    "http://WHERE/repo/PATH: the server expects HTTPS: write https:// (400)",
  ],
  ["206", status(206, {}, "[]"), "other", "http://WHERE/repo/PATH: the server answers 206"],
  ["a redirect loop", redirect(), "other", "WHERE redirects more than 5 times"],
  [
    "a redirect to another host",
    redirect("http://elsewhere.example/"),
    "other",
    "WHERE redirects to elsewhere.example: not followed, because the login would be sent there",
  ],
] as const)("%s is classified, for a listing and a file", async ([, fault, code, message]) => {
  server.answers(fault);
  const expected = (path: string): string =>
    `${code}: ${message.replace("WHERE", where).replace("PATH", path)}`;
  expect(await list()).toBe(expected("keys/"));
  expect(await load()).toBe(expected("config"));
});

test.for(["before headers", "mid body"] as const)("silence %s times out", async (phase) => {
  server.answers(hang(phase));
  backend = await openRestAt(repo(), { requestTimeoutMs: 200, idleMs: 200 });
  const expected = `transient timeout: ${where} sent nothing for 0.2 s`;
  expect(await list()).toBe(expected);
  expect(await load()).toBe(expected);
});

test("Retry-After reaches the caller", async () => {
  server.answers(status(503, { "retry-after": "7" }));
  await expect(backend.load("config", "", signal)).rejects.toMatchObject({ retryAfterMs: 7000 });
  await expect(backend.list("keys", undefined, signal)).rejects.toMatchObject({
    retryAfterMs: 7000,
  });
});

describe("404", () => {
  test("of a file is permanent, of a listing temporary, since a file may just have vanished", async () => {
    server.answers(status(404));
    expect(await load()).toBe(`not_found: http://${where}/repo/config: not found (404)`);
    expect(await list()).toBe(`transient not_found: http://${where}/repo/keys/: not found (404)`);
  });

  test("of rclone to a listing does not mean a missing folder", async () => {
    server.answers(status(404, { server: "rclone/v1.60.1" }));
    expect(await list()).toBe(
      `transient other: http://${where}/repo/keys/: rclone answers 404 to a listing`,
    );
    expect(await load()).toBe(`not_found: http://${where}/repo/config: not found (404)`);
  });

  test("of another server with rclone in its name means a missing folder", async () => {
    server.answers(status(404, { server: "nginx, rclone/v1" }));
    expect(await list()).toMatch(/^transient not_found: /);
  });
});

describe("200 with something else than a listing", () => {
  test.for([
    ["a login page", loginPage, "text/html"],
    ["half of the JSON", answer(`[{"name":"a"`, "application/json"), "application/json"],
    ["an object", answer("{}", "application/json"), "application/json"],
    ["nothing", status(200), "no content type"],
  ] as const)("%s is reported", async ([, fault, type]) => {
    server.answers(fault);
    expect(await list()).toBe(
      `other: http://${where}/repo/keys/: the server answers 200 with ${type}, but not as a restic REST server does: is a proxy or a login page in front of it?`,
    );
  });

  test("of 100 MB is not received", async () => {
    server.answers(longListing(100 * MEGABYTE, "{}"));
    expect(await list()).toBe(
      `other: http://${where}/repo/keys/: the response is longer than a listing of a restic REST server: is a proxy or a login page in front of it?`,
    );
    await server.stop();
    expect(server.sentBytes).toBeLessThan(17 * MEGABYTE);
    server = await FaultServer.start();
  });
});

describe("certificates in the environment", () => {
  const TLS = join(import.meta.dirname, "../../fixtures/tls");
  const ca = join(TLS, "ca.pem");
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "pem-"));
    await server.stop();
    server = await FaultServer.start({
      tls: {
        pem: await readFile(join(TLS, "server.pem"), "utf8"),
        clientCa: await readFile(ca, "utf8"),
      },
    });
    server.answers(answer("c"));
  });

  afterEach(() => rm(folder, { recursive: true }));

  const open = (environment: Readonly<Record<string, string>>): Promise<Backend> =>
    openRestAt(`rest:${server.url}`, { environment });

  test("are used, also several CAs", async () => {
    const opened = await open({
      RESTIC_CACERT: `${join(TLS, "other-ca.pem")},${ca}`,
      RESTIC_TLS_CLIENT_CERT: join(TLS, "client.pem"),
    });
    expect(await opened.load("config", "", signal)).toHaveLength(1);
  });

  test.for(["RESTIC_CACERT", "RESTIC_TLS_CLIENT_CERT"])("%s must be readable", async (name) => {
    expect(await failureOf(open({ [name]: "/nowhere/ca.pem" }))).toBe(
      `config: ${name}: the file /nowhere/ca.pem cannot be read (ENOENT)`,
    );
    const empty = join(folder, "empty.pem");
    await writeFile(empty, "nothing\n");
    expect(await failureOf(open({ [name]: `${ca},${empty}` }))).toBe(
      `config: ${name}: the file ${empty} holds no certificate`,
    );
  });
});

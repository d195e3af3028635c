import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { httpClient } from "../../instrumentation/http/client.ts";
import type { Send, HttpOptions, HttpResponse } from "../../instrumentation/http/client.ts";
import { failureOf } from "../support/core/failure.ts";
import {
  FaultServer,
  answer,
  babble,
  close,
  hang,
  longListing,
  reset,
  status,
  tooLong,
} from "../support/http/fault-server.ts";
import type { Fault } from "../support/http/fault-server.ts";

const PHASES = ["before headers", "after headers", "mid body"] as const;
const SHORT_MS = 200;

let server: FaultServer;
let where: string;

beforeEach(async () => {
  server = await FaultServer.start();
  where = `127.0.0.1:${server.port}`;
});

afterEach(() => server.stop());

function client(options: Partial<HttpOptions> = {}): Send {
  return httpClient({ connections: 5, proxyEnvironment: {}, ...options });
}

function get(
  fault: Fault,
  { maxBytes = 1000, idleMs }: { maxBytes?: number; idleMs?: number } = {},
): Promise<HttpResponse> {
  server.answers(fault);
  const send = client(idleMs === undefined ? {} : { idleMs });
  return send(
    { url: new URL(`${server.url}/a`), headers: {}, maxBytes },
    new AbortController().signal,
  );
}

describe("answers", () => {
  test.for([200, 204, 301, 400, 401, 404, 429, 500, 503])("%i is one", async (code) => {
    const { status: received, headers } = await get(status(code, { "X-Some": "Thing" }));
    expect(received).toBe(code);
    expect(headers["x-some"]).toBe("Thing");
  });

  test("the bytes arrive as they are", async () => {
    const bytes = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 256));
    expect((await get(answer(bytes))).body).toEqual(bytes);
  });

  test("headers are sent, and nothing is asked to be compressed", async () => {
    server.answers(answer("[]"));
    const url = new URL(`${server.url}/a%20b/?c`);
    await client()({ url, headers: { accept: "x/y" }, maxBytes: 2 }, new AbortController().signal);
    const { method, url: path, headers } = server.requests[0] ?? {};
    expect({ method, path, headers }).toEqual({
      method: "GET",
      path: "/a%20b/?c",
      headers: { accept: "x/y", connection: "keep-alive", host: where },
    });
  });

  test("no more requests side by side than connections", async () => {
    server.answers(answer("."));
    const send = client({ connections: 3 });
    const request = { url: new URL(server.url), headers: {}, maxBytes: 1 };
    await Promise.all(
      Array.from({ length: 20 }, () => send(request, new AbortController().signal)),
    );
    expect(server.requests).toHaveLength(20);
    expect(new Set(server.requests.map(({ socket }) => socket)).size).toBe(3);
  });
});

describe("a server that fails", () => {
  test.for(PHASES)("is silent %s", async (phase) => {
    expect(await failureOf(get(hang(phase), { idleMs: SHORT_MS }))).toBe(
      `transient timeout: ${where} sent nothing for 0.2 s`,
    );
  });

  test.for(PHASES)("resets the connection %s", async (phase) => {
    expect(await failureOf(get(reset(phase)))).toBe(
      `transient unreachable: ${where} broke off the connection`,
    );
  });

  test.for(PHASES)("ends the connection %s", async (phase) => {
    expect(await failureOf(get(close(phase)))).toBe(
      `transient unreachable: ${where} broke off the connection`,
    );
  });

  test("is not there", async () => {
    const url = new URL(server.url);
    const { signal } = new AbortController();
    await server.stop();
    expect(await failureOf(client()({ url, headers: {}, maxBytes: 1 }, signal))).toBe(
      `transient unreachable: ${where} refuses the connection`,
    );
    server = await FaultServer.start();
  });

  test("speaks something else", async () => {
    expect(await failureOf(get(babble("SSH-2.0-OpenSSH_9.6\r\n")))).toBe(
      `other: ${where} gives no answer of HTTP/1.1: it does not begin with a status line`,
    );
  });

  test("sends more than Content-Length says: the rest is not taken for another answer", async () => {
    server.answers(tooLong("[]HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 2), answer("good"));
    const send = client({ connections: 1 });
    const request = { url: new URL(server.url), headers: {}, maxBytes: 100 };
    const { signal } = new AbortController();
    expect((await send(request, signal)).body.toString()).toBe("[]");
    expect((await send(request, signal)).body.toString()).toBe("good");
  });
});

describe("the bound of a body", () => {
  test("is what may just be sent", async () => {
    expect((await get(answer("12345"), { maxBytes: 5 })).body.toString()).toBe("12345");
    expect(await failureOf(get(answer("123456"), { maxBytes: 5 }))).toBe(
      `corrupt: ${where} sends more than 5 bytes for /a`,
    );
  });

  test("ends an answer that has no end, and no more is received", async () => {
    const megabyte = 2 ** 20;
    expect(await failureOf(get(longListing(), { maxBytes: megabyte }))).toBe(
      `corrupt: ${where} sends more than ${megabyte} bytes for /a`,
    );
    await server.stop();
    expect(server.sentBytes).toBeLessThan(32 * megabyte);
    server = await FaultServer.start();
  });

  test("holds for headers too", async () => {
    expect(await failureOf(get(status(200, { long: "x".repeat(100_000) })))).toBe(
      `other: ${where} gives no answer of HTTP/1.1: its headers have more than 64 KiB`,
    );
  });
});

describe("an aborted signal ends a request with its reason", () => {
  const reason = new Error("the time is over");

  test("before it is sent", async () => {
    const request = { url: new URL(server.url), headers: {}, maxBytes: 1 };
    await expect(client()(request, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(server.requests).toEqual([]);
  });

  test.for(PHASES)("%s", async (phase) => {
    const abort = new AbortController();
    const stuck = hang(phase);
    server.answers((request, response) => {
      stuck(request, response);
      setImmediate(() => abort.abort(reason));
    });
    const request = { url: new URL(server.url), headers: {}, maxBytes: 10 };
    await expect(client()(request, abort.signal)).rejects.toBe(reason);
  });
});

describe("a unix socket", () => {
  let folder: string;
  let socketPath: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "socket-"));
    socketPath = join(folder, "s");
  });

  afterEach(() => rm(folder, { recursive: true }));

  const send = (): Promise<HttpResponse> =>
    client({ socketPath, proxyEnvironment: { HTTP_PROXY: "http://127.0.0.1:9" } })(
      { url: new URL("http://localhost/a"), headers: {}, maxBytes: 10 },
      new AbortController().signal,
    );

  test("is asked in place of the host, and never through a proxy", async () => {
    const onSocket = await FaultServer.start({ socketPath });
    onSocket.answers(answer("here"));
    expect((await send()).body.toString()).toBe("here");
    await onSocket.stop();
  });

  test("that is not there", async () => {
    expect(await failureOf(send())).toBe(`transient unreachable: ${socketPath} is not there`);
  });

  test("that is a file", async () => {
    await writeFile(socketPath, "");
    expect(await failureOf(send())).toBe(
      `transient unreachable: ${socketPath} refuses the connection`,
    );
  });
});

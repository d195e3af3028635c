import type { Socket } from "node:net";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { httpClient } from "../../instrumentation/http/client.ts";
import type { HttpResponse, Send } from "../../instrumentation/http/client.ts";
import type { HttpOptions } from "../../instrumentation/http/options.ts";
import { failureOf } from "../support/core/failure.ts";
import {
  FaultServer,
  answer,
  raw,
  close,
  hang,
  longListing,
  reset,
  status,
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
  { maxBytes = 1000, ...limits }: Partial<HttpOptions> & { maxBytes?: number } = {},
): Promise<HttpResponse> {
  server.answers(fault);
  const send = client(limits);
  return send(
    { url: new URL(`${server.url}/a`), headers: {}, maxBytes },
    new AbortController().signal,
  );
}

describe("a response", () => {
  test.for([200, 204, 301, 400, 401, 404, 429, 500, 503])(
    "may have the status %i",
    async (code) => {
      const { status: received, headers } = await get(status(code, { "X-Some": "Thing" }));
      expect(received).toBe(code);
      expect(headers["x-some"]).toBe("Thing");
    },
  );

  test("has the bytes that the server sent", async () => {
    const bytes = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 256));
    expect((await get(answer(bytes))).body).toEqual(bytes);
  });

  test("is asked for with the given headers, without compression", async () => {
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

  test("waits if all connections are in use, and a connection carries one request at a time", async () => {
    const busy = new Set<Socket>();
    server.answers(({ socket }, response) => {
      expect(busy).not.toContain(socket);
      busy.add(socket);
      setImmediate(() => {
        busy.delete(socket);
        response.end(".");
      });
    });
    const send = client({ connections: 3 });
    const request = { url: new URL(server.url), headers: {}, maxBytes: 1 };
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 20 }, () => send(request, signal)));
    expect(server.requests).toHaveLength(20);
    expect(new Set(server.requests.map(({ socket }) => socket)).size).toBe(3);
  });
});

describe("a server that fails", () => {
  test.for(PHASES)("is silent %s: a time-out", async (phase) => {
    const limits = { requestTimeoutMs: SHORT_MS, idleMs: SHORT_MS };
    expect(await failureOf(get(hang(phase), limits))).toBe(
      `transient timeout: ${where} sent nothing for 0.2 s`,
    );
  });

  test.for(PHASES)("resets the connection %s: unreachable", async (phase) => {
    expect(await failureOf(get(reset(phase)))).toBe(
      `transient unreachable: ${where} closed the connection`,
    );
    expect(server.requests).toHaveLength(1);
  });

  test.for(PHASES)("closes the connection %s: unreachable", async (phase) => {
    expect(await failureOf(get(close(phase)))).toBe(
      `transient unreachable: ${where} closed the connection`,
    );
    expect(server.requests).toHaveLength(1);
  });

  test("does not listen: unreachable", async () => {
    const url = new URL(server.url);
    const { signal } = new AbortController();
    await server.stop();
    expect(await failureOf(client()({ url, headers: {}, maxBytes: 1 }, signal))).toBe(
      `transient unreachable: ${where} refuses the connection`,
    );
    server = await FaultServer.start();
  });

  test("speaks another protocol: other", async () => {
    expect(await failureOf(get(raw("SSH-2.0-OpenSSH_9.6\r\n")))).toBe(
      `other: invalid HTTP/1.1 response from ${where}: is it a port of gRPC or another protocol?`,
    );
  });
});

describe("the limit of a body", () => {
  test("includes its last byte", async () => {
    expect((await get(answer("12345"), { maxBytes: 5 })).body.toString()).toBe("12345");
    expect(await failureOf(get(answer("123456"), { maxBytes: 5 }))).toBe(
      `corrupt: ${where} sends more than 5 bytes for /a`,
    );
  });

  test("stops a response without end, and no more is received", async () => {
    const megabyte = 2 ** 20;
    expect(await failureOf(get(longListing(), { maxBytes: megabyte }))).toBe(
      `corrupt: ${where} sends more than ${megabyte} bytes for /a`,
    );
    await server.stop();
    expect(server.sentBytes).toBeLessThan(32 * megabyte);
    server = await FaultServer.start();
  });

  test("has a counterpart for headers: 64 KiB", async () => {
    expect(await failureOf(get(status(200, { long: "x".repeat(100_000) })))).toBe(
      `other: invalid HTTP/1.1 response from ${where}: the headers exceed 64 KiB`,
    );
  });
});

describe("an aborted signal rejects the request with its reason", () => {
  const reason = new Error("the time is over");

  test("before it is sent", async () => {
    const request = { url: new URL(server.url), headers: {}, maxBytes: 1 };
    await expect(client()(request, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(server.requests).toEqual([]);
  });

  test("right after the call", async () => {
    const request = { url: new URL(server.url), headers: {}, maxBytes: 1 };
    const abort = new AbortController();
    const sent = client()(request, abort.signal);
    abort.abort(reason);
    await expect(sent).rejects.toBe(reason);
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

  test("is used in place of the host, and never through a proxy", async () => {
    const onSocket = await FaultServer.start({ socketPath });
    onSocket.answers(answer("here"));
    expect((await send()).body.toString()).toBe("here");
    await onSocket.stop();
  });

  test("that does not exist", async () => {
    expect(await failureOf(send())).toBe(`transient unreachable: ${socketPath} does not exist`);
  });

  test("that is a regular file", async () => {
    await writeFile(socketPath, "");
    expect(await failureOf(send())).toBe(
      `transient unreachable: ${socketPath} refuses the connection`,
    );
  });
});

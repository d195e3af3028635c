import type { ServerResponse } from "node:http";
import { Socket } from "node:net";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { httpClient } from "../../instrumentation/http/client.ts";
import type { HttpResponse, Send } from "../../instrumentation/http/client.ts";
import { failureOf } from "../support/core/failure.ts";
import { answer, FaultServer } from "../support/http/fault-server.ts";
import type { Fault } from "../support/http/fault-server.ts";
import { until } from "../support/core/until.ts";

let server: FaultServer;
let send: Send;
/** Requests whose answer the test gives, in the order in which they came. */
let held: ServerResponse[];
/** As many at most were without an answer at once since the proof. */
let most: number;

beforeEach(async () => {
  server = await FaultServer.start();
  send = client(2);
  held = [];
  most = 0;
});

afterEach(() => server.stop());

function client(pipelining: number): Send {
  return httpClient({ connections: 1, pipelining, proxyEnvironment: {}, idleMs: 600_000 });
}

const hold: Fault = (_request, response) => {
  held.push(response);
  most = Math.max(
    most,
    held.filter(({ writableEnded, destroyed }) => !writableEnded && !destroyed).length,
  );
};

function ask(path: string, signal = new AbortController().signal): Promise<HttpResponse> {
  return send({ url: new URL(path, server.url), headers: {}, maxBytes: 100 }, signal);
}

const body = async (asked: Promise<HttpResponse>): Promise<string> => (await asked).body.toString();
const paths = (): readonly (string | undefined)[] => server.requests.map(({ url }) => url);
const connections = (): number => new Set(server.requests.map(({ socket }) => socket)).size;
const came = (count: number): Promise<void> =>
  until(`request ${count}`, () => server.requests.length === count);

/** A connection on which the server has gone on once; from now on the test answers. */
async function proven(): Promise<void> {
  server.answers(answer("proof"), hold);
  await ask("/proof");
  server.requests.length = 0;
}

test("a request goes out before the answer to the one before it, and a third one waits", async () => {
  await proven();
  const all = ["/a", "/b", "/c"].map((path) => ask(path));
  await came(2);
  expect(paths()).toEqual(["/a", "/b"]);
  held[0]?.end("A");
  await came(3);
  held[1]?.end("B");
  held[2]?.end("C");
  expect(await Promise.all(all.map(body))).toEqual(["A", "B", "C"]);
  expect(connections()).toBe(1);
});

test("answers that come together are told apart", async () => {
  await proven();
  const all = ["/a", "/b"].map((path) => ask(path));
  await came(2);
  // Node.js keeps the second until the first is there, and sends both at once.
  held[1]?.end("B");
  held[0]?.end("A");
  expect(await Promise.all(all.map(body))).toEqual(["A", "B"]);
});

test("requests of one turn go out in one write, each whole and in order", async () => {
  send = client(8);
  await proven();
  const write = vi.spyOn(Socket.prototype, "write");
  const all = ["/a", "/b", "/c"].map((path) => ask(path));
  await came(3);
  const heads = write.mock.calls
    .map(([head]) => String(head))
    .filter((head) => head.startsWith("GET "));
  vi.restoreAllMocks();
  expect(heads.map((head) => head.match(/(?<=^GET )\S+/gm))).toEqual([["/a", "/b", "/c"]]);
  for (const response of held) response.end("x");
  expect(await Promise.all(all.map(body))).toEqual(["x", "x", "x"]);
});

test("a connection on which nothing was answered yet carries one", async () => {
  server.answers(hold);
  const all = ["/a", "/b"].map((path) => ask(path));
  await came(1);
  held[0]?.end("A");
  await came(2);
  held[1]?.end("B");
  expect(await Promise.all(all.map(body))).toEqual(["A", "B"]);
});

test("what has a body is alone", async () => {
  await proven();
  const { signal } = new AbortController();
  const post = { method: "POST", url: new URL("/b", server.url), body: Buffer.from("x") } as const;
  const first = ask("/a");
  const second = send({ ...post, headers: {}, maxBytes: 1 }, signal);
  await came(1);
  held[0]?.end("A");
  await came(2);
  held[1]?.end("B");
  expect(await body(first)).toBe("A");
  expect(await body(second)).toBe("B");
});

describe("a connection that ends with requests on it", () => {
  test("with an answer: the others are sent again, and from then on one at a time", async () => {
    await proven();
    const all = ["/a", "/b", "/c", "/d", "/e"].map((path) => ask(path));
    await came(2);
    held[0]?.writeHead(200, { connection: "close" }).end("A");
    expect(await body(all[0] ?? ask(""))).toBe("A");
    most = 0;
    for (const count of [3, 4, 5, 6]) {
      await came(count);
      held[count - 1]?.end(server.requests[count - 1]?.url);
    }
    const bodies = await Promise.all(all.slice(1).map(body));
    expect(bodies).toEqual(["/b", "/c", "/d", "/e"]);
    expect(most).toBe(1);
    expect(paths().slice(0, 2)).toEqual(["/a", "/b"]);
    expect(new Set(paths().slice(2))).toEqual(new Set(["/b", "/c", "/d", "/e"]));
  });

  test("after many: it is one that ends each after so many, and nothing changes", async () => {
    const answered = new Map<unknown, number>();
    server.answers(({ socket }, response) => {
      held.push(response);
      most = Math.max(most, held.filter(({ writableEnded }) => !writableEnded).length);
      const count = (answered.get(socket) ?? 0) + 1;
      answered.set(socket, count);
      // The next ones come while it waits.
      setImmediate(() =>
        response.writeHead(200, count < 30 ? {} : { connection: "close" }).end("x"),
      );
    });
    await ask("/proof");
    const all = Array.from({ length: 100 }, (_, index) => body(ask(`/${index}`)));
    expect(new Set(await Promise.all(all))).toEqual(new Set(["x"]));
    most = 0;
    held = [];
    await Promise.all(Array.from({ length: 10 }, (_, index) => ask(`/${index}`)));
    expect(most).toBe(2);
    expect(connections()).toBeGreaterThan(3);
  });

  test("in the middle of an answer: that one has failed, the others are sent again", async () => {
    await proven();
    const first = failureOf(ask("/a"));
    const second = ask("/b");
    await came(2);
    held[0]?.writeHead(200, { "content-length": 10 });
    held[0]?.write("half", () => held[0]?.socket?.resetAndDestroy());
    expect(await first).toMatch(/^transient unreachable: .* broke off the connection$/);
    await came(3);
    held[2]?.end("B");
    expect(await body(second)).toBe("B");
  });
});

describe("one that is given up", () => {
  const reason = new Error("nobody waits any more");

  test("costs the others nothing", async () => {
    send = client(3);
    await proven();
    const abort = new AbortController();
    const first = ask("/a", abort.signal);
    const others = ["/b", "/c"].map((path) => ask(path));
    await came(3);
    abort.abort(reason);
    await expect(first).rejects.toBe(reason);
    for (const count of [4, 5]) {
      await came(count);
      held[count - 1]?.end(server.requests[count - 1]?.url);
    }
    expect(await Promise.all(others.map(body))).toEqual(["/b", "/c"]);
    // It was not the server that ended the connection.
    most = 0;
    const both = ["/d", "/e"].map((path) => ask(path));
    await came(7);
    held[5]?.end("D");
    held[6]?.end("E");
    expect(await Promise.all(both.map(body))).toEqual(["D", "E"]);
    expect(most).toBe(2);
  });

  test("in the middle of its answer neither", async () => {
    await proven();
    const abort = new AbortController();
    const first = ask("/a", abort.signal);
    const second = ask("/b");
    await came(2);
    held[0]?.writeHead(200, { "content-length": 10 });
    const written = Promise.withResolvers<void>();
    held[0]?.write("half", () => written.resolve());
    await written.promise;
    // What was written is there: another connection of this process has had its turn since.
    await fetchOnce();
    abort.abort(reason);
    await expect(first).rejects.toBe(reason);
    await came(3);
    held[2]?.end("B");
    expect(await body(second)).toBe("B");
  });
});

/** A request over a connection of its own to another server. */
async function fetchOnce(): Promise<void> {
  const other = await FaultServer.start();
  const request = { url: new URL(other.url), headers: {}, maxBytes: 1 };
  await client(1)(request, new AbortController().signal);
  await other.stop();
}

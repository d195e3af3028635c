import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { httpClient } from "../../instrumentation/http/client.ts";
import type { Send } from "../../instrumentation/http/client.ts";
import { failureOf } from "../support/core/failure.ts";
import { answer, endless, FaultServer, raw, type Fault } from "../support/http/fault-server.ts";

const MAX_BYTES = 100;
/** The server writes pieces of this many bytes; the client reads each one by itself. */
const PIECE_BYTES = [1, 2, 7, 100_000];

let server: FaultServer;
let where: string;

beforeEach(async () => {
  server = await FaultServer.start();
  where = `127.0.0.1:${server.port}`;
});

afterEach(() => server.stop());

function client(limitMs = 10_000): Send {
  const limits = { requestTimeoutMs: limitMs, idleMs: limitMs };
  return httpClient({ connections: 1, proxyEnvironment: {}, ...limits });
}

async function get(send: Send, fault: Fault): Promise<string> {
  server.answers(fault);
  const request = { url: new URL(server.url), headers: {}, maxBytes: MAX_BYTES };
  const { status, body } = await send(request, new AbortController().signal);
  return `${status} ${JSON.stringify(body.toString("latin1"))}`;
}

const connections = (): number => new Set(server.requests.map(({ socket }) => socket)).size;

describe("a response", () => {
  test.for([
    ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", '200 "ab"', "kept"],
    ["HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", '200 ""', "kept"],
    ["HTTP/1.1 204 No Content\r\n\r\n", '204 ""', "kept"],
    ["HTTP/1.1 304 Not Modified\r\n\r\n", '304 ""', "kept"],
    ["HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", '304 ""', "closed"],
    ["HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab", '200 "ab"', "closed"],
    ["HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab", '200 "ab"', "closed"],
    [
      "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nab",
      '200 "ab"',
      "kept",
    ],
    [
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n",
      '200 "abcde"',
      "kept",
    ],
    [
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n00A;name=value\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n",
      '200 "0123456789"',
      "kept",
    ],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", '200 ""', "kept"],
    [
      "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
      '200 "a"',
      "kept",
    ],
  ] as const)("%j is %s, and the connection is %s", async ([text, expected, connection]) => {
    for (const pieceBytes of PIECE_BYTES) {
      server.requests.length = 0;
      const send = client();
      expect(await get(send, raw(text, { pieceBytes })), `pieces of ${pieceBytes}`).toBe(expected);
      const next = raw("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext");
      expect(await get(send, next)).toBe('200 "next"');
      expect(connections()).toBe(connection === "kept" ? 1 : 2);
    }
  });

  test.for([
    ["HTTP/1.1 200 OK\r\n\r\nuntil the end", '200 "until the end"'],
    ["HTTP/1.1 200 OK\r\n\r\n", '200 ""'],
  ] as const)("%j ends with the connection", async ([text, expected]) => {
    for (const pieceBytes of PIECE_BYTES)
      expect(await get(client(), raw(text, { pieceBytes, ends: true }))).toBe(expected);
  });

  test.for([
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n",
    "",
  ])("%j that ends with the connection is incomplete", async (text) => {
    for (const pieceBytes of PIECE_BYTES)
      expect(await failureOf(get(client(), raw(text, { pieceBytes, ends: true })))).toBe(
        `transient unreachable: ${where} closed the connection`,
      );
  });
});

const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

describe("a response that is not valid HTTP/1.1", () => {
  test.for([
    ["SSH-2.0-OpenSSH_9.6\r\n", "is it a port of gRPC or another protocol?"],
    ["220 mail ESMTP\r\n\r\n", "is it a port of gRPC or another protocol?"],
    ["HTTP/2 200\r\n\r\n", "Expected dot"],
    ["HTTP/1.1 20 OK\r\n\r\n", "Invalid status code"],
    ["HTTP/1.1 2000 OK\r\n\r\n", "Invalid response status"],
    ["HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n", "unexpected status 99"],
    // undici accepts no 100 to a request without `Expect` (nodejs/undici#201).
    ["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "bad response"],
    ["HTTP/1.1 101 Switching Protocols\r\n\r\n", "unexpected status 101"],
    [
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
      "bad upgrade",
    ],
    ["HTTP/1.1 200 OK\nContent-Length: 0\n\n", "Missing expected CR after response line"],
    ["HTTP/1.1 200 OK\r\nno header\r\n\r\n", "Invalid header token"],
    ["HTTP/1.1 200 OK\r\nName : x\r\n\r\n", "Invalid header token"],
    ["HTTP/1.1 200 OK\r\nA: x\r\n folded\r\n\r\n", "Unexpected whitespace after header value"],
    ["HTTP/1.1 200 OK\r\nA: x\nB: y\r\n\r\n", "Missing expected CR after header value"],
    ["HTTP/1.1 200 OK\r\nA: x\0y\r\n\r\n", "Invalid header value char"],
    ["HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nab", "Invalid character in Content-Length"],
    ["HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nab", "Invalid character in Content-Length"],
    ["HTTP/1.1 200 OK\r\nContent-Length:\v2\r\n\r\nab", "Invalid character in Content-Length"],
    ["HTTP/1.1 200 OK\r\nContent-Length:\u00a02\r\n\r\nab", "Invalid character in Content-Length"],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", 'unknown Transfer-Encoding "gzip"'],
    [
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
      'unknown Transfer-Encoding "gzip, chunked"',
    ],
    [`${chunked}xyz\r\n`, "Invalid character in chunk size"],
    [`${chunked}-1\r\n`, "Invalid character in chunk size"],
    [`${chunked}2 \r\nab\r\n`, "Invalid character in chunk size"],
    [`${chunked}2\nab\n0\n\n`, "Missing expected CR after chunk size"],
    [`${chunked}FFFFFFFFFFFFFFFFF\r\n`, "Chunk size overflow"],
    [`${chunked}1\r\nab\r\n`, "Expected LF after chunk data"],
    [`${chunked}0\r\n${`X: ${"y".repeat(10_000)}\r\n`.repeat(7)}`, "the headers exceed 64 KiB"],
    [`HTTP/1.1 200 OK\r\nLong: ${"x".repeat(70_000)}`, "the headers exceed 64 KiB"],
  ] as const)("%j: %s", async ([text, violation]) => {
    for (const pieceBytes of text.length > 1000 ? [1000, 100_000] : PIECE_BYTES)
      expect(await failureOf(get(client(), raw(text, { pieceBytes }))), `${pieceBytes}`).toBe(
        `other: invalid HTTP/1.1 response from ${where}: ${violation}`,
      );
  });

  test.for([
    ["two lengths", "Content-Length: 2\r\nContent-Length: 3\r\n\r\nab"],
    ["one length twice", "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab"],
    ["a list of lengths", "Content-Length: 2, 2\r\n\r\nab"],
    [
      "a length and chunks",
      "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
    ],
    ["fewer bytes than its length", "Connection: close\r\nContent-Length: 3\r\n\r\nab"],
  ] as const)("with %s is rejected", async ([, rest]) => {
    for (const pieceBytes of PIECE_BYTES) {
      const fault = raw(`HTTP/1.1 200 OK\r\n${rest}`, { pieceBytes, ends: true });
      expect(await failureOf(get(client(), fault)), `pieces of ${pieceBytes}`).toBe(
        `transient unreachable: the body from ${where} does not match its Content-Length`,
      );
    }
  });
});

test.for([
  ["a reason phrase", "HTTP/1.1 200 "],
  ["a chunk extension", `${chunked}1;`],
] as const)("%s without end is a time-out", async ([, start]) => {
  expect(await failureOf(get(client(200), endless(start)))).toBe(
    `transient timeout: ${where} sent nothing for 0.2 s`,
  );
});

test("names of headers are lower case, values are trimmed, values of one name are joined", async () => {
  server.answers(
    raw(
      "HTTP/1.1 200 OK\r\nX-Some:  A Thing\t \r\nempty:\r\nx-some: again\r\nContent-Length: 0\r\n\r\n",
    ),
  );
  const request = { url: new URL(server.url), headers: {}, maxBytes: 0 };
  const { headers } = await client()(request, new AbortController().signal);
  expect(Object.entries(headers)).toEqual([
    ["x-some", "A Thing, again"],
    ["empty", ""],
    ["content-length", "0"],
  ]);
});

describe("a body over the limit is rejected", () => {
  test.for([
    ["by its length, before any of it is received", "Content-Length: 101\r\n\r\n"],
    ["in one chunk", `Transfer-Encoding: chunked\r\n\r\n65\r\n${"a".repeat(101)}`],
    ["in many chunks", `Transfer-Encoding: chunked\r\n\r\n${"1\r\na\r\n".repeat(101)}`],
    ["that ends with the connection", `\r\n${"a".repeat(101)}`],
  ])("%s", async ([, rest]) => {
    for (const pieceBytes of [1, 10, 10_000])
      expect(
        await failureOf(get(client(), raw(`HTTP/1.1 200 OK\r\n${rest}`, { pieceBytes }))),
      ).toBe(`corrupt: ${where} sends more than ${MAX_BYTES} bytes for /`);
  });

  test("but not a body of exactly the limit", async () => {
    const body = "a".repeat(MAX_BYTES);
    const fault = raw(`HTTP/1.1 200 OK\r\n\r\n${body}`, { pieceBytes: 7, ends: true });
    expect(await get(client(), fault)).toBe(`200 "${body}"`);
  });
});

describe("bytes after a response are not the next response", () => {
  const forged = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";

  test("in the same packet", async () => {
    const send = client();
    const fault = raw(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab${forged}`);
    expect(await get(send, fault)).toBe('200 "ab"');
    expect(await get(send, answer("good"))).toBe('200 "good"');
    expect(connections()).toBe(2);
  });

  test("while the connection is idle", async () => {
    const send = client();
    expect(await get(send, answer("first"))).toBe('200 "first"');
    server.requests[0]?.socket.write(forged);
    expect(await get(send, answer("good"))).toBe('200 "good"');
    expect(connections()).toBe(2);
  });

  test("of 204, which has no body", async () => {
    const send = client();
    const fault = raw(`HTTP/1.1 204 No Content\r\nContent-Length: 48\r\n\r\n${forged}`);
    expect(await get(send, fault)).toBe('204 ""');
    expect(await get(send, answer("good"))).toBe('200 "good"');
    expect(connections()).toBe(2);
  });
});

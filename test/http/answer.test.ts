import { describe, expect, test } from "vitest";

import {
  AnswerReader,
  ProtocolError,
  TooLongError,
} from "../../instrumentation/http/response-parser.ts";
import type { Answer } from "../../instrumentation/http/response-parser.ts";

const MAX_BYTES = 100;

interface Outcome {
  readonly answer: Answer | undefined;
  readonly lasting: boolean;
}

/** Hands over pieces of that many bytes in one and the same memory, as a connection does, and at last its end. */
function read(text: string, pieceBytes: number, maxBytes = MAX_BYTES): Outcome {
  const bytes = Buffer.from(text, "latin1");
  const shared = Buffer.alloc(pieceBytes);
  const reader = new AnswerReader();
  reader.begin(maxBytes);
  let answer: Answer | undefined;
  for (let at = 0; at < bytes.length && !answer; at += pieceBytes) {
    const length = bytes.copy(shared, 0, at, at + pieceBytes);
    answer = reader.feed(shared.subarray(0, length));
    shared.fill("?");
  }
  answer ??= reader.end();
  return { answer, lasting: reader.lasting };
}

function shown({ answer, lasting }: Outcome): string {
  if (!answer) return "is cut off";
  const { status, body } = answer;
  return `${status} "${body.toString("latin1")}"${lasting ? "" : ", the last one"}`;
}

describe("an answer, in pieces of any size,", () => {
  test.for([
    ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", '200 "ab"'],
    ["HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", '200 ""'],
    ["HTTP/1.1 204 No Content\r\n\r\n", '204 ""'],
    ["HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", '304 ""'],
    [
      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab",
      '200 "ab", the last one',
    ],
    ["HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab", '200 "ab", the last one'],
    ["HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nab", '200 "ab"'],
    ["HTTP/1.1 200 OK\r\n\r\nuntil the end", '200 "until the end", the last one'],
    ["HTTP/1.1 200 OK\r\n\r\n", '200 "", the last one'],
    [
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n",
      '200 "abcde"',
    ],
    [
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n00A;name=value\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n",
      '200 "0123456789"',
    ],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", '200 ""'],
    [
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
      '200 "a"',
    ],
    ["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", "is cut off"],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", "is cut off"],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n", "is cut off"],
    ["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", "is cut off"],
    ["", "is cut off"],
  ] as const)("%j is %s", ([text, expected]) => {
    for (let pieceBytes = 1; pieceBytes <= text.length + 1; pieceBytes++)
      expect(shown(read(text, pieceBytes)), `pieces of ${pieceBytes}`).toBe(expected);
  });

  test.for([
    ["SSH-2.0-OpenSSH_9.6\r\n", "it does not begin with a status line"],
    ["220 mail ESMTP\r\n\r\n", "it does not begin with a status line"],
    ["HTTP/2 200\r\n\r\n", "it does not begin with a status line"],
    ["HTTP/1.1 20 OK\r\n\r\n", "it does not begin with a status line"],
    ["HTTP/1.1 2000 OK\r\n\r\n", "it does not begin with a status line"],
    ["HTTP/1.1 101 Switching Protocols\r\n\r\n", "it changes to another protocol"],
    ["HTTP/1.1 200 OK\r\nno header\r\n\r\n", "one of its headers is none"],
    ["HTTP/1.1 200 OK\r\nName : x\r\n\r\n", "one of its headers is none"],
    ["HTTP/1.1 200 OK\r\nA: x\r\n folded\r\n\r\n", "one of its headers is none"],
    ["HTTP/1.1 200 OK\r\nA: x\nB: y\r\n\r\n", "one of its headers is none"],
    ["HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nab", "its Content-Length is no number"],
    ["HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nab", "its Content-Length is no number"],
    // Spaces and tabs alone may stand before a value.
    ["HTTP/1.1 200 OK\r\nContent-Length:\v2\r\n\r\nab", "its Content-Length is no number"],
    ["HTTP/1.1 200 OK\r\nContent-Length:\u00a02\r\n\r\nab", "its Content-Length is no number"],
    [
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nab",
      "its Content-Length is no number",
    ],
    [
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
      "where its body ends is not clear",
    ],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "where its body ends is not clear"],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "a chunk has no size"],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", "a chunk has no size"],
    [
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
      "a chunk is longer than it says",
    ],
    [
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;${"x".repeat(20_000)}`,
      "a line between chunks has no end",
    ],
    [
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${`X: ${"y".repeat(10_000)}\r\n`.repeat(7)}`,
      "its trailer has no end",
    ],
    [`HTTP/1.1 200 OK\r\nLong: ${"x".repeat(70_000)}`, "its headers have more than 64 KiB"],
  ] as const)("%j is none", ([text, message]) => {
    for (const pieceBytes of [1, 7, 4096, 100_000])
      expect(() => read(text, pieceBytes), `pieces of ${pieceBytes}`).toThrow(
        new ProtocolError(message),
      );
  });
});

test("names of headers are lower case, values without blanks around them, several of one name together", () => {
  const text =
    "HTTP/1.1 200 OK\r\nX-Some:  A Thing\t \r\nempty:\r\nx-some: again\r\nContent-Length: 0\r\n\r\n";
  expect(read(text, 1000).answer?.headers).toEqual({
    "x-some": "A Thing, again",
    empty: "",
    "content-length": "0",
  });
});

describe("more than was asked for", () => {
  test.for([
    ["by its length, before anything of it has come", "Content-Length: 101\r\n\r\n"],
    ["in one chunk", "Transfer-Encoding: chunked\r\n\r\n65\r\n"],
    ["in many", `Transfer-Encoding: chunked\r\n\r\n${"1\r\na\r\n".repeat(101)}`],
    ["until the end", `\r\n${"a".repeat(101)}`],
  ])("is not taken: %s", ([, rest]) => {
    for (const pieceBytes of [1, 10, 10_000])
      expect(() => read(`HTTP/1.1 200 OK\r\n${rest}`, pieceBytes)).toThrow(TooLongError);
  });

  test("is told by the byte", () => {
    const until = (length: number): string => `HTTP/1.1 200 OK\r\n\r\n${"a".repeat(length)}`;
    expect(read(until(MAX_BYTES), 7).answer?.body).toHaveLength(MAX_BYTES);
    expect(() => read(until(MAX_BYTES + 1), 7)).toThrow(TooLongError);
  });
});

test("what follows an answer is left for the next one", () => {
  const text = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na";
  const reader = new AnswerReader();
  reader.begin(MAX_BYTES);
  reader.feed(Buffer.from(text.slice(0, 10)));
  expect(reader.feed(Buffer.from(`${text.slice(10)}HTTP`))?.body.toString()).toBe("a");
  expect(reader.left).toBe(4);
});

test("one connection carries one answer after the other", () => {
  const reader = new AnswerReader();
  for (const body of ["first", "", "third"]) {
    reader.begin(MAX_BYTES);
    expect(reader.begun).toBe(false);
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`;
    expect(reader.feed(Buffer.from(head + body))?.body.toString()).toBe(body);
    expect(reader.begun).toBe(true);
  }
});

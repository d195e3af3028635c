import { afterEach, beforeEach, expect, test } from "vitest";

import { AgentError } from "../../instrumentation/core/error.ts";
import { httpClient } from "../../instrumentation/http/client.ts";
import type { HttpResponse } from "../../instrumentation/http/client.ts";
import { FaultServer } from "../support/http/fault-server.ts";

let server: FaultServer;
let pieces: Buffer[];

beforeEach(async () => {
  server = await FaultServer.start();
  pieces = [];
});

afterEach(() => server.stop());

function get(
  maxBytes: number,
  onBody = (piece: Buffer): void => void pieces.push(piece),
): Promise<HttpResponse> {
  const send = httpClient({ connections: 1, proxyEnvironment: {} });
  const url = new URL(server.url);
  return send({ url, headers: {}, maxBytes, onBody }, new AbortController().signal);
}

const bytes = (): number => pieces.reduce((sum, { length }) => sum + length, 0);

test("the receiver gets the body of a response with status 200 in pieces", async () => {
  const sent = Buffer.alloc(2 ** 20, "x");
  server.answers((_request, response) => response.end(sent));
  expect((await get(2 ** 20)).body).toHaveLength(0);
  expect(pieces.length).toBeGreaterThan(1);
  expect(Buffer.concat(pieces).equals(sent)).toBe(true);
});

test("a response with another status has its body", async () => {
  server.answers((_request, response) => response.writeHead(404).end("missing"));
  expect((await get(100)).body.toString()).toBe("missing");
  expect(pieces).toEqual([]);
});

test("a receiver has bounds of its own: its AgentError ends the request", async () => {
  server.answers((_request, response) => {
    response.write(Buffer.alloc(2 ** 20));
    response.end(Buffer.alloc(2 ** 20));
  });
  await get(1);
  expect(bytes()).toBe(2 ** 21);
  const enough = new AgentError("other", "enough");
  await expect(
    get(1, () => {
      throw enough;
    }),
  ).rejects.toBe(enough);
});

test("the bound holds for a body that the receiver does not get", async () => {
  server.answers((_request, response) => response.writeHead(404).end("missing"));
  await expect(get(6)).rejects.toThrow("sends more than 6 bytes");
});

test("other work has its turn after each piece, although megabytes are there", async () => {
  let turns = 0;
  let most = 0;
  let inTurn = 0;
  let timer = setImmediate(function next() {
    turns += 1;
    inTurn = 0;
    timer = setImmediate(next);
  });
  server.answers((_request, response) => response.end(Buffer.alloc(2 ** 23)));
  await get(1, (piece) => {
    pieces.push(piece);
    inTurn += piece.length;
    most = Math.max(most, inTurn);
  });
  clearImmediate(timer);
  expect(bytes()).toBe(2 ** 23);
  expect(turns).toBeGreaterThan(2 ** 23 / most / 2);
  expect(most).toBeLessThanOrEqual(2 ** 17);
});

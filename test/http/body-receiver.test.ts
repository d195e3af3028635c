import { afterEach, beforeEach, expect, test } from "vitest";

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

function get(maxBytes: number): Promise<HttpResponse> {
  const send = httpClient({ connections: 1, proxyEnvironment: {} });
  const url = new URL(server.url);
  const onBody = (piece: Buffer): void => void pieces.push(piece);
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

test("the bound also holds for a receiver", async () => {
  server.answers((_request, response) => {
    response.write(Buffer.alloc(2 ** 20));
    response.end(Buffer.alloc(2 ** 20));
  });
  await expect(get(2 ** 20)).rejects.toThrow("sends more than 1048576 bytes");
  expect(bytes()).toBeLessThanOrEqual(2 ** 20);
});

import { once } from "node:events";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import { gzipSync } from "node:zlib";

import { expect, onTestFinished, test } from "vitest";

import { listeningPort } from "../support/core/listening-port.ts";
import { firstScrape, ScrapeClient } from "./client.ts";

const PAGE = "a_metric 1\n".repeat(100_000);

async function clientOf(listener: RequestListener): Promise<ScrapeClient> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = await ScrapeClient.connect(`http://127.0.0.1:${listeningPort(server)}`);
  onTestFinished(() => {
    client.close();
    server.close();
  });
  return client;
}

test("a scrape receives whole responses, with Content-Length and chunked", async () => {
  let answers = 0;
  const client = await clientOf((_, response) => {
    if (answers++ % 2 === 1) response.write(PAGE.slice(0, 50_000));
    response.end(answers % 2 === 1 ? PAGE : PAGE.slice(50_000));
  });
  for (let index = 0; index < 4; index++) {
    const { bytes, status, isGzip } = await client.scrape("identity");
    expect({ status, isGzip }).toEqual({ status: 200, isGzip: false });
    // The page, its header, and the chunk headers.
    expect(bytes).toBeGreaterThan(PAGE.length);
    expect(bytes).toBeLessThan(PAGE.length + 1000);
  }
});

test("a scrape reports compression, and the first scrape waits for status 200", async () => {
  let requests = 0;
  const client = await clientOf((request, response) => {
    if (requests++ < 3) response.writeHead(503).end("not yet");
    else if (request.headers["accept-encoding"] === "gzip")
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(PAGE));
    else response.end(PAGE);
  });
  expect(await firstScrape(client)).toMatchObject({ status: 200, isGzip: false });
  expect(requests).toBe(4);
  const { isGzip, bytes } = await client.scrape("gzip");
  expect(isGzip).toBe(true);
  expect(bytes).toBeLessThan(PAGE.length / 10);
});

test("a closed connection is an error", async () => {
  const client = await clientOf((request) => request.socket.destroy());
  await expect(client.scrape("identity")).rejects.toThrow(/closed|ECONNRESET/);
});

import { once } from "node:events";
import { Agent } from "node:http";
import { text } from "node:stream/consumers";

import { expect, onTestFinished, test } from "vitest";

import { textAnswer } from "../../src/web/response.ts";
import { call } from "../support/core/http.ts";
import { until } from "../support/core/until.ts";
import { failureOf, open, serve, slowRoute } from "../support/web/web-server.ts";

test("a stop answers requests in progress, and closes idle connections after half a second", async () => {
  const { handler, arrived, answer } = slowRoute();
  const server = await serve({ "/slow": handler });
  const { address, clock } = server;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  await call(address, "/here", { agent });
  const [[idle] = []] = Object.values(agent.freeSockets);
  const silent = await open(address);
  const slow = call(address, "/slow", { agent: new Agent({ keepAlive: true }) });
  await arrived;

  const stopped = server.stop(4000);
  await until("a port that is closed", async () =>
    call(address, "/nowhere").then(
      () => false,
      () => true,
    ),
  );
  await clock.advance(499);
  expect([idle?.destroyed, silent.destroyed]).toEqual([false, false]);
  const closed = Promise.all([idle && once(idle, "close"), once(silent, "close")]);
  await clock.advance(1);
  await closed;
  await clock.advance(3499);
  answer(textAnswer(200, "late"));
  const { body, headers } = await slow;
  expect([body.toString(), headers.connection]).toEqual(["late\n", "close"]);
  await stopped;
  expect(clock.sleeping).toBe(0);
});

test("a request on an open connection during a stop is answered, and is the last one of the connection", async () => {
  const server = await serve();
  const silent = await open(server.address);
  const stopped = server.stop(4000);
  await until("a port that is closed", async () =>
    call(server.address, "/here").then(
      () => false,
      () => true,
    ),
  );
  silent.write("GET /here HTTP/1.1\r\nHost: agent\r\n\r\n");
  expect(await text(silent)).toMatch(/^HTTP\/1.1 200 .*connection: close\r\n.*here\n$/is);
  await stopped;
  expect(server.clock.sleeping).toBe(0);
});

test("a response in progress at a stop is sent completely before its connection is closed", async () => {
  const server = await serve({
    "/big": () => ({ status: 200, type: "text/plain", body: Buffer.alloc(2 ** 24, "x") }),
  });
  const socket = await open(server.address);
  socket.write("GET /big HTTP/1.1\r\nHost: agent\r\n\r\n");
  await once(socket, "readable");
  const stopped = server.stop(4000);
  expect((await text(socket)).length).toBeGreaterThan(2 ** 24);
  await stopped;
});

test("a request that is not answered at the end of the grace period is cut off", async () => {
  const { handler, arrived } = slowRoute();
  const server = await serve({ "/slow": handler });
  const { clock } = server;
  const slow = failureOf(call(server.address, "/slow"));
  await arrived;
  const stopped = Promise.all([server.stop(4000), server.stop(4000)]);
  await until("a stop that waits", () => clock.sleeping === 2);
  await clock.advance(3999);
  expect(clock.sleeping).toBeGreaterThan(0);
  await clock.advance(1);
  expect(await slow).toMatchObject({ message: "socket hang up" });
  await stopped;
});

import { once } from "node:events";
import { Agent, createServer } from "node:http";
import { text } from "node:stream/consumers";

import { expect, onTestFinished, test } from "vitest";

import { AgentError } from "../../instrumentation/core/error.ts";
import { textAnswer } from "../../src/web/response.ts";
import type { Handler } from "../../src/web/response.ts";
import { startServer } from "../../src/web/server.ts";
import { FakeClock, settle } from "../support/core/clock.ts";
import { call } from "../support/core/http.ts";
import { ArrayLogger } from "../support/core/logger.ts";
import { failureOf, open, serve, slowRoute } from "../support/web/web-server.ts";

test.for([
  ["GET", "/here", 200, "here\n", undefined],
  ["GET", "/here?a=/b", 200, "here\n", undefined],
  ["GET", "http://agent:9121/here", 200, "here\n", undefined],
  ["HEAD", "/here", 200, "", undefined],
  ["POST", "/here", 405, "method not allowed: use GET or HEAD\n", "GET, HEAD"],
  ["POST", "/there", 200, "there\n", undefined],
  ["GET", "/there", 405, "method not allowed: use POST\n", "POST"],
  ["HEAD", "/there", 405, "", "POST"],
  ["GET", `/here?${"x".repeat(4085)}`, 200, "here\n", undefined],
  ["GET", `/here?${"x".repeat(4091)}`, 414, "the URL is too long\n", undefined],
  ["GET", `/here?${"x".repeat(20_000)}`, 414, "URI Too Long\n", undefined],
  ["OPTIONS", "/here", 405, "method not allowed: use GET or HEAD\n", "GET, HEAD"],
  ["GET", "/here/", 404, "not found\n", undefined],
  ["GET", "//here", 404, "not found\n", undefined],
  ["GET", "/", 404, "not found\n", undefined],
  ["HEAD", "/nowhere", 404, "", undefined],
  ["POST", "/nowhere", 404, "not found\n", undefined],
  ["OPTIONS", "*", 404, "not found\n", undefined],
  ["GET", "/constructor", 404, "not found\n", undefined],
] as const)("%s %s has the status %d", async ([method, path, status, body, allow]) => {
  const { address } = await serve();
  const reply = await call(address, path, { method });
  expect([reply.status, reply.body.toString(), reply.headers.allow]).toEqual([status, body, allow]);
  expect(reply.headers["x-content-type-options"]).toBe("nosniff");
});

test("a handler that throws causes the status 500 and a line in the log", async () => {
  const broken: Handler = () => {
    throw new RangeError("out of it");
  };
  const { address, logger } = await serve({ "/broken": broken });
  const { status, body } = await call(address, "/broken");
  expect([status, body.toString()]).toEqual([500, "internal error\n"]);
  expect(logger.texts).toEqual([
    'error a request could not be answered {"path":"/broken","error":"RangeError: out of it"}',
  ]);
});

test.for([
  [["one, ", "", "two", ""], "one, two"],
  [["", ""], ""],
  [[], ""],
] as const)("a response in the pieces %j has one body", async ([pieces, body]) => {
  const response = { status: 200, type: "text/plain", body: pieces.map((one) => Buffer.from(one)) };
  const { address } = await serve({ "/pieces": () => response });
  for (const [method, received] of [
    ["GET", body],
    ["HEAD", ""],
    ["GET", body],
  ] as const) {
    const reply = await call(address, "/pieces", { method });
    expect([reply.body.toString(), reply.headers["content-length"]]).toEqual([
      received,
      String(body.length),
    ]);
  }
});

test("headers of more than 8 KiB are rejected", async () => {
  const { address } = await serve();
  const { status } = await call(address, "/here", { headers: { cookie: "x".repeat(9000) } });
  expect(status).toBe(431);
});

test("beyond 512 connections the one that has been idle longest is closed", async () => {
  const { handler, arrived, answer } = slowRoute();
  const { address } = await serve({ "/slow": handler });
  const slow = call(address, "/slow");
  await arrived;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  await call(address, "/here", { agent });
  const [first, second] = [await open(address), await open(address)];
  const [kept] = Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? []);
  await call(address, "/here", { agent });
  const [firstClosed, secondClosed] = [once(first, "close"), once(second, "close")];
  for (let others = 0; others < 509; others++) await open(address);
  await firstClosed;
  expect(second.destroyed).toBe(false);
  expect((await call(address, "/here")).status).toBe(200);
  await secondClosed;
  answer(textAnswer(200, "late"));
  expect([(await slow).status, kept?.destroyed]).toEqual([200, false]);
});

test.for([
  ["GET", { "content-length": "5" }],
  ["POST", { "content-length": "5" }],
  ["POST", { "transfer-encoding": "chunked" }],
  ["POST", { "content-length": "5", expect: "100-continue" }],
] as const)(
  "%s with a body (%j) is rejected before the body is sent",
  async ([method, headers]) => {
    const { address } = await serve();
    const reply = await call(address, "/there", { method, headers });
    expect([reply.status, reply.headers.connection]).toEqual([413, "close"]);
  },
);

test.for([
  ["no HTTP\r\n\r\n", "HTTP/1.1 400 Bad Request"],
  [`GET /here HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(9000)}\r\n\r\n`, "HTTP/1.1 431 "],
] as const)("a malformed request gets an error response: %#", async ([sent, status]) => {
  const { address } = await serve();
  const socket = await open(address);
  socket.write(sent);
  expect(await text(socket)).toMatch(new RegExp(`^${status}.*nosniff`, "s"));
});

test("a POST may take longer than a minute", async () => {
  const { handler, arrived, answer } = slowRoute();
  const { address, clock } = await serve({ "POST /long": handler });
  const reply = call(address, "/long", { method: "POST" });
  await arrived;
  await clock.advance(600_000);
  answer(textAnswer(200, "done"));
  expect((await reply).body.toString()).toBe("done\n");
});

test("a connection is closed if the response is not sent within a minute", async () => {
  const { handler, arrived } = slowRoute();
  const { address, clock } = await serve({ "/slow": handler });
  const reply = failureOf(call(address, "/slow"));
  await arrived;
  await clock.advance(59_999);
  expect(clock.sleeping).toBe(1);
  await clock.advance(1);
  expect(await reply).toMatchObject({ message: "socket hang up" });
});

test("no timer remains after a response", async () => {
  const { address, clock } = await serve();
  await call(address, "/here");
  await settle();
  expect(clock.sleeping).toBe(0);
});

test("a port in use causes an error with a hint", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  onTestFinished(() => void other.close());
  const address = other.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const options = { routes: new Map(), clock: new FakeClock(), logger: new ArrayLogger() };
  const error = await failureOf(startServer({ bind: { host: "127.0.0.1", port }, ...options }));
  expect(error).toBeInstanceOf(AgentError);
  expect(error).toMatchObject({
    code: "config",
    message: `cannot listen on 127.0.0.1:${port}: the address is in use: stop the process that listens there, or set another address with --bind`,
  });
});

test("an address that no interface has causes an error with a hint", async () => {
  const bind = { host: "2001:db8::1", port: 9121 };
  const options = { routes: new Map(), clock: new FakeClock(), logger: new ArrayLogger() };
  await expect(startServer({ bind, ...options })).rejects.toMatchObject({
    code: "config",
    message:
      "cannot listen on [2001:db8::1]:9121: no interface has this address: set an address of this machine with --bind, or :PORT for all interfaces",
  });
});

test.for([[undefined], [""]] as const)(
  "without a host (%s) the server listens on all interfaces",
  async ([host]) => {
    const server = await startServer({
      bind: { host, port: 0 },
      routes: new Map([["/", () => textAnswer(200, "all")]]),
      clock: new FakeClock(),
      logger: new ArrayLogger(),
    });
    expect((await call(server.address, "/")).body.toString()).toBe("all\n");
    await server.stop(0);
  },
);

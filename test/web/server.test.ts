import { once } from "node:events";
import { Agent, createServer } from "node:http";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { text } from "node:stream/consumers";

import { expect, onTestFinished, test } from "vitest";

import { AgentError } from "../../instrumentation/core/error.ts";
import { textAnswer } from "../../src/web/answer.ts";
import type { Answer, Handler } from "../../src/web/answer.ts";
import { startServer } from "../../src/web/server.ts";
import { FakeClock, settle } from "../support/clock.ts";
import { call } from "../support/http.ts";
import { ArrayLogger } from "../support/logger.ts";

async function serve(handlers: Readonly<Record<string, Handler>> = {}) {
  const logger = new ArrayLogger();
  const clock = new FakeClock();
  const routes = new Map<string, Handler>([
    ["/here", () => textAnswer(200, "here")],
    ...Object.entries(handlers),
  ]);
  const bind = { host: "127.0.0.1", port: 0 };
  const server = await startServer({ bind, routes, clock, logger });
  onTestFinished(() => server.stop(0));
  return { ...server, logger, clock };
}

/** A route whose requests wait until the test answers them. */
function slowRoute() {
  const arrived = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<Answer>();
  const handler: Handler = () => {
    arrived.resolve();
    return answered.promise;
  };
  return { handler, arrived: arrived.promise, answer: answered.resolve };
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

async function open({ port }: AddressInfo): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

test.for([
  ["GET", "/here", 200, "here\n", undefined],
  ["GET", "/here?a=/b", 200, "here\n", undefined],
  ["GET", "http://agent:9121/here", 200, "here\n", undefined],
  ["HEAD", "/here", 200, "", undefined],
  ["POST", "/here", 405, "only GET and HEAD are served\n", "GET, HEAD"],
  ["OPTIONS", "/here", 405, "only GET and HEAD are served\n", "GET, HEAD"],
  ["GET", "/here/", 404, "not found\n", undefined],
  ["GET", "//here", 404, "not found\n", undefined],
  ["GET", "/", 404, "not found\n", undefined],
  ["HEAD", "/nowhere", 404, "", undefined],
  ["POST", "/nowhere", 404, "not found\n", undefined],
  ["OPTIONS", "*", 404, "not found\n", undefined],
  ["GET", "/constructor", 404, "not found\n", undefined],
] as const)("%s %s is a %d", async ([method, path, status, body, allow]) => {
  const { address } = await serve();
  const reply = await call(address, path, { method });
  expect([reply.status, reply.body.toString(), reply.headers.allow]).toEqual([status, body, allow]);
  expect(reply.headers["x-content-type-options"]).toBe("nosniff");
});

test("a handler that throws is a 500 and a line in the log", async () => {
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

test("headers of more than 8 KiB are refused", async () => {
  const { address } = await serve();
  const { status } = await call(address, "/here", { headers: { cookie: "x".repeat(9000) } });
  expect(status).toBe(431);
});

test("beyond 256 connections there is none", async () => {
  const { address } = await serve();
  await Promise.all(Array.from({ length: 256 }, () => open(address)));
  await once(await open(address), "close");
  const error = await failureOf(call(address, "/here"));
  expect(error).toBeInstanceOf(Error);
});

test("an answer that is not taken in a minute ends its connection", async () => {
  const { handler, arrived } = slowRoute();
  const { address, clock } = await serve({ "/slow": handler });
  const reply = failureOf(call(address, "/slow"));
  await arrived;
  await clock.advance(59_999);
  expect(clock.sleeping).toBe(1);
  await clock.advance(1);
  expect(await reply).toMatchObject({ message: "socket hang up" });
});

test("an answer that is taken leaves no timer", async () => {
  const { address, clock } = await serve();
  await call(address, "/here");
  await settle();
  expect(clock.sleeping).toBe(0);
});

test("when it stops, requests under way are answered and other connections end at once", async () => {
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
  await Promise.all([idle && once(idle, "close"), once(silent, "close")]);
  await expect(call(address, "/here")).rejects.toThrow("ECONNREFUSED");
  await clock.advance(3999);
  answer(textAnswer(200, "late"));
  const { body, headers } = await slow;
  expect([body.toString(), headers.connection]).toEqual(["late\n", "close"]);
  await stopped;
  expect(clock.sleeping).toBe(0);
});

test("an answer that was under way when it stopped is sent to its end, and its connection closed", async () => {
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

test("what is not answered in time is cut off", async () => {
  const { handler, arrived } = slowRoute();
  const server = await serve({ "/slow": handler });
  const { clock } = server;
  const slow = failureOf(call(server.address, "/slow"));
  await arrived;
  const stopped = Promise.all([server.stop(4000), server.stop(4000)]);
  await clock.advance(3999);
  expect(clock.sleeping).toBeGreaterThan(0);
  await clock.advance(1);
  expect(await slow).toMatchObject({ message: "socket hang up" });
  await stopped;
});

test("a port in use is said, and how to mend it", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  onTestFinished(() => void other.close());
  const taken = other.address();
  const port = typeof taken === "object" && taken ? taken.port : 0;
  const options = { routes: new Map(), clock: new FakeClock(), logger: new ArrayLogger() };
  const error = await failureOf(startServer({ bind: { host: "127.0.0.1", port }, ...options }));
  expect(error).toBeInstanceOf(AgentError);
  expect(error).toMatchObject({
    code: "config",
    message: `cannot listen on 127.0.0.1:${port}: the address is in use: stop what listens there, or set another address with --bind`,
  });
});

test("an address that no interface has is said, and how to mend it", async () => {
  const bind = { host: "2001:db8::1", port: 9121 };
  const options = { routes: new Map(), clock: new FakeClock(), logger: new ArrayLogger() };
  await expect(startServer({ bind, ...options })).rejects.toMatchObject({
    code: "config",
    message:
      "cannot listen on [2001:db8::1]:9121: no interface has that address: set one of this machine with --bind, or :PORT for all",
  });
});

test.for([[undefined], [""]] as const)("without a host (%s) it is there on all", async ([host]) => {
  const server = await startServer({
    bind: { host, port: 0 },
    routes: new Map([["/", () => textAnswer(200, "all")]]),
    clock: new FakeClock(),
    logger: new ArrayLogger(),
  });
  expect((await call(server.address, "/")).body.toString()).toBe("all\n");
  await server.stop(0);
});

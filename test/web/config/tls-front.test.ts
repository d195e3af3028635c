import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import type { Socket } from "node:net";
import { text } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import type { TLSSocket } from "node:tls";

import { expect, onTestFinished, test } from "vitest";

import { textAnswer } from "../../../src/web/response.ts";
import type { Answer, Handler } from "../../../src/web/response.ts";
import { Protection } from "../../../src/web/config/protection.ts";
import { startServer } from "../../../src/web/server.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { ArrayLogger } from "../../support/core/logger.ts";
import { until } from "../../support/core/until.ts";
import { webConfigFolder } from "../../support/web/web-config-folder.ts";
import { WEB_CONFIGS } from "../../support/web/web-configs.ts";

/** A TLS server: `/` responds at once, `/big` with 16 MiB, `/slow` when the test calls `answer`. */
async function serve() {
  const folder = await webConfigFolder(WEB_CONFIGS["certificate and key"] ?? "");
  const clock = new FakeClock();
  const logger = new ArrayLogger();
  const protection = await Protection.open({ file: folder.file, open: [], clock, logger });
  const arrived = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<Answer>();
  const routes = new Map<string, Handler>([
    ["/", () => textAnswer(200, "page")],
    ["/big", () => ({ status: 200, type: "text/plain", body: Buffer.alloc(2 ** 24, "x") })],
    [
      "/slow",
      () => {
        arrived.resolve();
        return answered.promise;
      },
    ],
  ]);
  const bind = { host: "127.0.0.1", port: 0 };
  const server = await startServer({ bind, routes, clock, logger, protection });
  onTestFinished(async () => {
    const stopped = server.stop(0);
    await clock.advance(1);
    await stopped;
    await protection.stop();
    await folder.remove();
  });
  return {
    server,
    port: server.address.port,
    clock,
    arrived: arrived.promise,
    answer: answered.resolve,
  };
}

async function openTls(port: number): Promise<TLSSocket> {
  const socket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false });
  ignoreErrors(socket);
  await once(socket, "secureConnect");
  return socket;
}

async function openTcp(port: number): Promise<Socket> {
  const socket = connectTcp(port, "127.0.0.1");
  ignoreErrors(socket);
  await once(socket, "connect");
  return socket;
}

function ignoreErrors(socket: Socket): void {
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
}

function openHttp2(port: number) {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  session.on("error", () => {});
  onTestFinished(() => session.destroy());
  const get = async (path: string, method = "GET") => {
    const stream = session.request({ ":path": path, ":method": method });
    const closed = once(stream, "close").then(() => Promise.reject(new Error("no response")));
    const [headers] = await Promise.race([once(stream, "response"), closed]);
    return { headers, body: await text(stream) };
  };
  return { session, get };
}

test("HTTP/2 gets the same responses as HTTP/1.1", async () => {
  const { port } = await serve();
  const { get } = openHttp2(port);
  const { headers, body } = await get("/");
  expect([headers[":status"], headers["x-content-type-options"], body]).toEqual([
    200,
    "nosniff",
    "page\n",
  ]);
  expect((await get("/", "HEAD")).body).toBe("");
  expect((await get("/nowhere")).headers[":status"]).toBe(404);
  expect((await get("/", "POST")).headers[":status"]).toBe(405);
  expect((await get("/big")).body).toHaveLength(2 ** 24);
});

test("300 parallel HTTP/2 requests are answered", async () => {
  const { port } = await serve();
  const { get } = openHttp2(port);
  const bodies = await Promise.all(Array.from({ length: 300 }, () => get("/")));
  expect(new Set(bodies.map(({ body }) => body))).toEqual(new Set(["page\n"]));
});

test("a plain HTTP request gets a 400 that asks for HTTPS", async () => {
  const { port } = await serve();
  const socket = await openTcp(port);
  socket.write("GET / HTTP/1.1\r\nHost: agent\r\n\r\n");
  expect(await text(socket)).toBe(
    "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
  );
});

test("a client that disconnects during the handshake does not disturb the server", async () => {
  const { port } = await serve();
  for (const sent of [
    "",
    "\u0016",
    "\u0016\u0003\u0001\u0002\u0000",
    "\u0016garbage\u0000\u0000\u0000",
  ]) {
    const socket = await openTcp(port);
    socket.write(sent, "latin1", () => socket.resetAndDestroy());
    await once(socket, "close");
  }
  const socket = await openTls(port);
  socket.write("GET / HTTP/1.0\r\n\r\n");
  expect(await text(socket)).toContain("page\n");
});

test("a stop closes silent and idle connections after half a second, and answers requests in progress", async () => {
  const { server, port, clock, arrived, answer } = await serve();
  const silent = await openTcp(port);
  const idle = await openTls(port);
  idle.write("GET / HTTP/1.1\r\nHost: agent\r\n\r\n");
  await once(idle, "data");
  const slow = await openTls(port);
  slow.write("GET /slow HTTP/1.1\r\nHost: agent\r\n\r\n");
  const { get, session } = openHttp2(port);
  await get("/");
  const slowHttp2 = get("/slow");
  await arrived;
  // The acknowledgement shows that the HTTP/2 request has arrived too.
  await new Promise((resolve) => session.ping(resolve));

  const sleeping = clock.sleeping;
  const stopped = server.stop(4000);
  const closed = Promise.all([once(silent, "close"), once(idle, "close")]);
  await until("a stop that waits", () => clock.sleeping > sleeping);
  await clock.advance(500);
  await closed;
  await clock.advance(3499);
  answer(textAnswer(200, "late"));
  expect(await text(slow)).toContain("late\n");
  expect((await slowHttp2).body).toBe("late\n");
  await stopped;
});

test("the end of the grace period closes all connections, including an incomplete handshake", async () => {
  const { server, port, clock, arrived } = await serve();
  const incomplete = await openTcp(port);
  const closed = once(incomplete.resume(), "close");
  incomplete.write("\u0016\u0003\u0001\u0002\u0000", "latin1");
  const { get } = openHttp2(port);
  const slow = get("/slow").then(
    () => "answered",
    () => "cut off",
  );
  await arrived;
  const sleeping = clock.sleeping;
  const stopped = server.stop(4000);
  await until("a stop that waits", () => clock.sleeping > sleeping);
  await clock.advance(3999);
  await clock.advance(1);
  await stopped;
  expect(await slow).toBe("cut off");
  await closed;
});

test("beyond 512 connections the one that has been idle longest is closed, not one with a request in progress", async () => {
  const { port, arrived, answer } = await serve();
  const slow = await openTls(port);
  slow.write("GET /slow HTTP/1.1\r\nHost: agent\r\n\r\n");
  await arrived;
  const [first, second] = [await openTcp(port), await openTcp(port)];
  const closed = once(first.resume(), "close");
  for (let others = 0; others < 510; others++) await openTcp(port);
  await closed;
  expect([first.bytesRead, second.destroyed]).toEqual([0, false]);
  answer(textAnswer(200, "late"));
  await once(slow, "data");
});

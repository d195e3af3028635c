import { once } from "node:events";
import { mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { createServer as createNetServer } from "node:net";
import type { Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fork } from "node:child_process";

import { beforeEach, expect, onTestFinished, test } from "vitest";

import { bind } from "../../src/settings/bind.ts";
import { textAnswer } from "../../src/web/response.ts";
import { healthcheck } from "../../src/web/healthcheck.ts";
import { formatAddress } from "../../src/web/listen.ts";
import { startServer } from "../../src/web/server.ts";
import type { WebServer } from "../../src/web/server.ts";
import { inheritedSockets } from "../../src/web/socket-activation.ts";
import { FakeClock } from "../support/core/clock.ts";
import { ArrayLogger } from "../support/core/logger.ts";

let path: string;

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), "socket-"));
  path = join(folder, "s");
  return () => rm(folder, { recursive: true });
});

async function serve(address: string): Promise<WebServer> {
  const [at] = bind.parse(address);
  const server = await startServer({
    bind: at ?? expect.fail(address),
    routes: new Map([["/-/healthy", () => textAnswer(200, "healthy")]]),
    clock: new FakeClock(),
    logger: new ArrayLogger(),
  });
  onTestFinished(() => server.stop(0));
  return server;
}

async function ask(): Promise<string> {
  const sent = request({ socketPath: path, path: "/-/healthy", agent: false }).end();
  const [response] = await once(sent, "response");
  return text(response);
}

test.for([
  ["unix:/run/s", { path: "/run/s", mode: undefined }],
  ["unix:/run/s?mode=0660", { path: "/run/s", mode: 0o660 }],
  ["unix:/run/s?mode=600", { path: "/run/s", mode: 0o600 }],
  [`unix:/${"x".repeat(106)}`, { path: `/${"x".repeat(106)}`, mode: undefined }],
] as const)("the address %s is valid", ([written, parsed]) => {
  expect([bind.check(written), bind.parse(written)]).toEqual([undefined, [parsed]]);
});

test.for([
  ["unix:run/s", "absolute path"],
  ["unix:/run/", "absolute path"],
  ["unix:/run/s?mode=888", "absolute path"],
  ["unix:/run/s?mod=0660", "absolute path"],
  ["unix:", "absolute path"],
  [`unix:/${"x".repeat(107)}`, "longer than 107 bytes"],
] as const)("the address %s is invalid", ([written, problem]) => {
  expect(bind.check(written)).toContain(problem);
});

test.for([0o600, 0o660, 0o666])("a Unix socket is created with the mode %o", async (mode) => {
  const mask = process.umask();
  const { address } = await serve(`unix:${path}?mode=${mode.toString(8)}`);
  expect((await stat(path)).mode & 0o777).toBe(mode);
  expect(process.umask()).toBe(mask);
  expect(formatAddress(address)).toBe(`unix:${path}`);
  expect(await ask()).toBe("healthy\n");
});

test("a Unix socket is removed by a stop, and replaced after a crash", async () => {
  const server = await serve(`unix:${path}`);
  await server.stop(0);
  await expect(stat(path)).rejects.toThrow("ENOENT");

  const script = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  const file = `${path}.cjs`;
  await writeFile(file, script);
  await once(fork(file), "close");
  expect((await stat(path)).isSocket()).toBe(true);
  await serve(`unix:${path}`);
  expect(await ask()).toBe("healthy\n");
});

async function listening(): Promise<Server> {
  const other = createNetServer().listen(path);
  await once(other, "listening");
  onTestFinished(() => void other.close());
  return other;
}

test("a socket with a listener, a file and a dangling link are not replaced", async () => {
  const message = `cannot listen on unix:${path}: the address is in use: stop the process that listens there, or set another address with --bind`;
  const other = await listening();
  await expect(serve(`unix:${path}`)).rejects.toMatchObject({ code: "config", message });
  expect((await stat(path)).isSocket()).toBe(true);
  await new Promise((resolve) => other.close(resolve));
  await writeFile(path, "");
  await expect(serve(`unix:${path}`)).rejects.toMatchObject({ code: "config", message });
  await rm(path);
  await symlink("nowhere", path);
  await expect(serve(`unix:${path}`)).rejects.toMatchObject({ code: "config", message });
});

test("a missing directory causes an error", async () => {
  await expect(serve(`unix:${path}/s`)).rejects.toMatchObject({
    code: "config",
    message: `cannot listen on unix:${path}/s: the directory does not exist, or this user has no permission to write to it`,
  });
});

test.for([
  [{}, []],
  [{ LISTEN_PID: "7", LISTEN_FDS: "2" }, [{ fd: 3 }, { fd: 4 }]],
  [{ LISTEN_PID: "8", LISTEN_FDS: "2" }, []],
  [{ LISTEN_PID: "7", LISTEN_FDS: "0" }, []],
  [{ LISTEN_PID: "7", LISTEN_FDS: "x" }, []],
] as const)("the variables %j name the inherited sockets", ([env, sockets]) => {
  expect(inheritedSockets(env, 7)).toEqual(sockets);
});

test("a health check uses a Unix socket", async () => {
  await serve(`unix:${path}`);
  expect(await healthcheck(bind.parse(`unix:${path}`))).toEqual({
    alive: true,
    message: `unix:${path}: healthy`,
  });
});

test.for([
  [200, "healthy\n", true],
  [401, "login required\n", true],
  [429, "too many requests\n", true],
  [400, "Client sent an HTTP request to an HTTPS server.\n", true],
  [400, "Bad Request\n", false],
  [404, "not found\n", false],
  [503, "not ready\n", false],
] as const)(
  "a health check with the response %d %j finds the agent alive: %s",
  async ([status, body, alive]) => {
    const server = createServer((query, response) => {
      if (query.url === "/-/healthy") response.writeHead(status).end(body);
      else query.socket.destroy();
    }).listen(0, "0.0.0.0");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const bound = server.address();
    const port = typeof bound === "object" && bound ? bound.port : 0;
    for (const host of ["", "0.0.0.0", "127.0.0.1"]) {
      const result = await healthcheck(bind.parse(`${host}:${port}`));
      expect(result).toEqual({
        alive,
        message: `${host}:${port}: ${alive ? "healthy" : `unexpected status ${status}`}`,
      });
    }
  },
);

test("a health check fails if nothing listens", async () => {
  expect(await healthcheck([])).toEqual({
    alive: false,
    message: "the agent has no HTTP server: bind is none",
  });
  const { alive, message } = await healthcheck(bind.parse(`unix:${path}`));
  expect([alive, message.startsWith(`unix:${path}: `)]).toEqual([false, true]);
});

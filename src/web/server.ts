import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

import { AgentError, toAgentError } from "restic-otel-instrumentation/agent";
import type { Clock, Logger } from "restic-otel-instrumentation/agent";

import { textAnswer } from "./answer.ts";
import type { Answer, Routes } from "./answer.ts";
import type { Protection } from "./config/protection.ts";
import { TlsFront } from "./config/tls-front.ts";

interface BindAddress {
  /** An address or a name; undefined or empty for all interfaces. */
  readonly host?: string | undefined;
  /** 0 for a free one. */
  readonly port: number;
}

export interface ServerOptions {
  readonly bind: BindAddress;
  readonly routes: Routes;
  readonly clock: Clock;
  readonly logger: Logger;
  /** TLS, logins and what else a web config file says. */
  readonly protection?: Protection | undefined;
}

export interface WebServer {
  readonly address: AddressInfo;
  /** Takes no more requests, answers those under way for up to `graceMs`, then closes every connection. May be called twice. */
  stop(graceMs: number): Promise<void>;
}

/** A slow client must not hold a connection for ever, and many must not hold all memory. */
const LIMITS = {
  maxHeaderSize: 8192,
  headersTimeout: 10_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 5000,
  // Longer than a scrape interval of a minute, so that Prometheus keeps its connection.
  keepAliveTimeout: 75_000,
} as const;
const CONNECTIONS = 256;
const ANSWER_TIMEOUT_MS = 60_000;

const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

/** @throws AgentError `config` if it cannot listen there */
export async function startServer({
  bind,
  routes,
  clock,
  logger,
  protection,
}: ServerOptions): Promise<WebServer> {
  const answering = new Set<ServerResponse>();
  const sockets = new Set<Socket>();
  const server = createServer(LIMITS, (request, response) => {
    answering.add(response);
    const ended = new AbortController();
    response.once("close", () => {
      answering.delete(response);
      ended.abort();
      if (!server.listening) request.socket.end();
    });
    void after(clock, ANSWER_TIMEOUT_MS, ended.signal, () => request.socket.destroy());
    void answer(request, routes, logger, protection).then((answered) =>
      send(request, response, answered, protection?.headers),
    );
  });
  const tls = protection?.secure && new TlsFront(server, protection, logger);
  server.maxConnections = CONNECTIONS;
  server.on(tls ? "secureConnection" : "connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const address = await listen(server, bind);
  server.on("error", ({ message }) =>
    logger.warn("a connection could not be accepted", { error: message }),
  );

  let stopped: Promise<void> | undefined;
  async function stop(graceMs: number): Promise<void> {
    const ended = new AbortController();
    const closed = once(server, "close");
    server.close();
    tls?.stop();
    const busy = new Set([...answering].map((response) => response.req.socket));
    for (const socket of sockets) if (!busy.has(socket)) socket.destroy();
    for (const response of answering) {
      const { httpVersionMajor } = response.req;
      if (!response.headersSent && httpVersionMajor === 1)
        response.setHeader("connection", "close");
    }
    const timeUp = after(clock, graceMs, ended.signal, () => {
      server.closeAllConnections();
      tls?.destroy();
    });
    await closed;
    ended.abort();
    await timeUp;
  }
  return { address, stop: (graceMs) => (stopped ??= stop(graceMs)) };
}

/** Does it after `ms`, unless the signal is aborted before. */
async function after(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  act: () => void,
): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch {
    return;
  }
  act();
}

async function listen(server: Server, { host, port }: BindAddress): Promise<AddressInfo> {
  server.listen(host ? { host, port } : { port });
  try {
    await once(server, "listening");
  } catch (error) {
    throw cannotListen(error, `${host?.includes(":") ? `[${host}]` : (host ?? "")}:${port}`);
  }
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("not a TCP server");
  return address;
}

const MENDS: ReadonlyMap<unknown, string> = new Map([
  [
    "EADDRINUSE",
    "the address is in use: stop what listens there, or set another address with --bind",
  ],
  ["EACCES", "not permitted: set a port of 1024 or above with --bind"],
  [
    "EADDRNOTAVAIL",
    "no interface has that address: set one of this machine with --bind, or :PORT for all",
  ],
  ["ENOTFOUND", "no such host: set an address of this machine with --bind, or :PORT for all"],
]);

function cannotListen(cause: unknown, address: string): AgentError {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const reason =
    MENDS.get(code) ?? `${toAgentError(cause).message}: set another address with --bind`;
  return new AgentError("config", `cannot listen on ${address}: ${reason}`, { cause });
}

async function answer(
  request: IncomingMessage,
  routes: Routes,
  logger: Logger,
  protection: Protection | undefined,
): Promise<Answer> {
  const path = pathOf(request.url ?? "");
  const refused = await protection?.admit(request, path);
  if (refused) return refused;
  const handler = routes.get(path);
  if (!handler) return textAnswer(404, "not found");
  if (request.method !== "GET" && request.method !== "HEAD")
    return textAnswer(405, "only GET and HEAD are served", { allow: "GET, HEAD" });
  try {
    return await handler(request);
  } catch (error) {
    logger.error("a request could not be answered", { path, error: toAgentError(error).message });
    return textAnswer(500, "internal error");
  }
}

/** RFC 9112 section 3.2: mostly a path with a query; proxies may send a whole URL. */
function pathOf(target: string): string {
  if (target.startsWith("/")) return target.split("?", 1)[0] ?? "";
  return URL.parse(target)?.pathname ?? "";
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, type, body, headers }: Answer,
  configured: Readonly<Record<string, string>> = {},
): void {
  const bytes = Buffer.from(body);
  const all = {
    ...HEADERS,
    "content-type": type,
    "content-length": String(bytes.length),
    ...headers,
    ...configured,
  };
  response.writeHead(
    status,
    Object.fromEntries(Object.entries(all).filter(([, value]) => value !== "")),
  );
  if (request.method === "HEAD") response.end();
  // Once a response is ended, server.close() takes its connection for idle and cuts off what was not sent yet.
  else response.write(bytes, () => response.end());
}

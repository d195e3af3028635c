import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Server as NetServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

import { toAgentError } from "restic-otel-instrumentation/internal";
import type { Clock, Logger } from "restic-otel-instrumentation/internal";

import type { Bind } from "../settings/bind.ts";
import { textAnswer } from "./response.ts";
import type { Answer, Routes } from "./response.ts";
import { MAX_URL_LENGTH, rejectClientErrors } from "./client-errors.ts";
import type { Protection } from "./config/protection.ts";
import { Connections } from "./connections.ts";
import { listen } from "./listen.ts";
import type { InheritedSocket } from "./listen.ts";
import { createServer } from "./node-http.ts";

export interface ServerOptions {
  readonly bind: Bind | InheritedSocket;
  readonly routes: Routes;
  readonly clock: Clock;
  readonly logger: Logger;
  /** TLS, logins, headers and rate limit of a web config file. */
  readonly protection?: Protection | undefined;
}

export interface WebServer {
  /** A Unix socket has its path and the family `unix`, an inherited one its file descriptor and the family `fd`. */
  readonly address: AddressInfo;
  /**
   * Accepts no more connections, answers requests for up to `graceMs`, then closes every connection. An idle connection stays open
   * for half a second, since a request may be on its way. Can be called twice.
   */
  stop(graceMs: number): Promise<void>;
}

/** Bounds the time and the memory that slow clients can take. */
const LIMITS = {
  maxHeaderSize: 8192,
  headersTimeout: 10_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 5000,
  // Longer than a scrape interval of a minute, so that Prometheus keeps its connection.
  keepAliveTimeout: 75_000,
} as const;
const MAX_CONNECTIONS = 512;
/** Maximum number of connections that wait to be accepted. */
const BACKLOG = 512;
const ANSWER_TIMEOUT_MS = 60_000;
const LINGER_MS = 500;
/** Shared abort reason: avoids capturing a stack per request. */
const ANSWERED = new Error("answered");

const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

/** @throws AgentError `config` if it cannot listen */
export async function startServer({
  bind,
  routes,
  clock,
  logger,
  protection,
}: ServerOptions): Promise<WebServer> {
  const answering = new Set<ServerResponse>();
  const connections = new Connections(MAX_CONNECTIONS);
  let stopping = false;
  function respond(request: IncomingMessage, response: ServerResponse): void {
    const finished = connections.begin(request.socket);
    const ended = new AbortController();
    answering.add(response);
    response.once("close", () => {
      answering.delete(response);
      finished();
      ended.abort(ANSWERED);
      if (stopping) request.socket.end();
    });
    const limitTime = (): void =>
      void after(clock, ANSWER_TIMEOUT_MS, ended.signal, () => request.socket.destroy());
    // A POST starts an action without a time limit: limit only the time to send the response.
    const isAction = request.method === "POST";
    if (!isAction) limitTime();
    void answer(request, routes, logger, protection).then((result) => {
      if (isAction) limitTime();
      if (stopping) closeAfter(response);
      send(request, response, result, protection?.headers);
    });
  }
  const server = createServer(LIMITS, respond);
  // Reject a request body before the client sends it.
  server.on("checkContinue", respond);
  rejectClientErrors(server);
  const tls =
    protection?.secure &&
    new (await import("./config/tls-front.ts")).TlsFront(server, protection, logger);
  server.prependListener("connection", (socket: Socket) => connections.add(socket));
  const address = await listen(server, bind);
  server.on("error", ({ message }) =>
    logger.warn("a connection could not be accepted", { error: message }),
  );

  let stopped: Promise<void> | undefined;
  async function stop(graceMs: number): Promise<void> {
    const startMs = clock.monotonicMs();
    const ended = new AbortController();
    const closed = once(server, "close").then(() => ended.abort());
    await arrivals(server, clock);
    stopping = true;
    // http.Server.close() would also close idle connections.
    NetServer.prototype.close.call(server);
    for (const response of answering) closeAfter(response);
    const leftMs = Math.max(0, graceMs - (clock.monotonicMs() - startMs));
    const lingerMs = Math.min(leftMs, LINGER_MS);
    await after(clock, lingerMs, ended.signal, () => {
      server.close();
      tls?.stop();
      connections.closeIdle();
    });
    await after(clock, leftMs - lingerMs, ended.signal, () => {
      server.closeAllConnections();
      connections.closeAll();
    });
    await closed;
  }
  return { address, stop: (graceMs) => (stopped ??= stop(graceMs)) };
}

/**
 * Waits until the connections and requests that arrived before the stop are accepted and read. The event loop accepts one connection
 * per turn; the wait is bounded, since new connections can arrive all the time.
 */
async function arrivals(server: Server, clock: Clock): Promise<void> {
  const startMs = clock.monotonicMs();
  let quietTurns = 0;
  const onConnection = (): void => {
    quietTurns = 0;
  };
  server.on("connection", onConnection);
  for (let turn = 0; quietTurns < 4 && turn < BACKLOG; turn++) {
    if (turn >= BACKLOG / 8 && clock.monotonicMs() - startMs >= LINGER_MS) break;
    quietTurns++;
    await new Promise((resolve) => setImmediate(resolve));
  }
  server.off("connection", onConnection);
}

function closeAfter(response: ServerResponse): void {
  if (!response.headersSent && response.req.httpVersionMajor === 1)
    response.setHeader("connection", "close");
}

/** Calls `act` after `ms`, unless the signal is aborted before. */
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

async function answer(
  request: IncomingMessage,
  routes: Routes,
  logger: Logger,
  protection: Protection | undefined,
): Promise<Answer> {
  const path = pathOf(request.url ?? "");
  const rejection = reject(request) ?? (await protection?.authorize(request, path));
  if (rejection) return rejection;
  const get = routes.get(path);
  const post = routes.get(`POST ${path}`);
  if (!get && !post) return textAnswer(404, "not found");
  const handler = request.method === "POST" ? post : READS.has(request.method) ? get : undefined;
  if (!handler) {
    const allow = [...(get ? READS : []), ...(post ? ["POST"] : [])];
    return textAnswer(405, `method not allowed: use ${allow.join(" or ")}`, {
      allow: allow.join(", "),
    });
  }
  try {
    return await handler(request);
  } catch (error) {
    logger.error("a request could not be answered", { path, error: toAgentError(error).message });
    return textAnswer(500, "internal error");
  }
}

const READS: ReadonlySet<string | undefined> = new Set(["GET", "HEAD"]);

function reject({ url = "", headers }: IncomingMessage): Answer | undefined {
  if (url.length > MAX_URL_LENGTH) return textAnswer(414, "the URL is too long");
  const length = headers["content-length"] ?? "0";
  if (length === "0" && headers["transfer-encoding"] === undefined) return undefined;
  return textAnswer(413, "a request body is not allowed", { connection: "close" });
}

/** RFC 9112 section 3.2: the target is usually a path with a query; a proxy can send a complete URL. */
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
  const pieces =
    typeof body === "string" ? [Buffer.from(body)] : Buffer.isBuffer(body) ? [body] : body;
  const all = {
    ...HEADERS,
    "content-type": type,
    "content-length": String(pieces.reduce((sum, { length }) => sum + length, 0)),
    ...headers,
    ...configured,
  };
  response.writeHead(
    status,
    Object.fromEntries(Object.entries(all).filter(([, value]) => value !== "")),
  );
  const sent = request.method === "HEAD" ? [] : pieces.filter(({ length }) => length > 0);
  const last = sent.pop();
  if (!last) return void response.end();
  // The writes of one turn go to the kernel together, without a copy.
  for (const piece of sent) response.write(piece);
  // After end(), server.close() would treat the connection as idle and cut off unsent data: end it after the last write.
  response.write(last, () => response.end());
}

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
import type { Inherited } from "./listen.ts";
import { createServer } from "./node-http.ts";

export interface ServerOptions {
  readonly bind: Bind | Inherited;
  readonly routes: Routes;
  readonly clock: Clock;
  readonly logger: Logger;
  /** TLS, logins and what else a web config file says. */
  readonly protection?: Protection | undefined;
}

export interface WebServer {
  /** Of a socket in the file system: its path, and the family `unix`; of one that was inherited: its number, and `fd`. */
  readonly address: AddressInfo;
  /**
   * Accepts no more connections, answers what has arrived for up to `graceMs`, then closes every connection. One that is open is
   * listened to for half a second more: a request may be on its way. May be called twice.
   */
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
const CONNECTIONS = 512;
/** As many connections wait to be accepted, at the most. */
const BACKLOG = 512;
const ANSWER_TIMEOUT_MS = 60_000;
const LINGER_MS = 500;
/** Without a reason each abort would make one, with its stack. */
const ANSWERED = new Error("answered");

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
  const connections = new Connections(CONNECTIONS);
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
    const hurry = (): void =>
      void after(clock, ANSWER_TIMEOUT_MS, ended.signal, () => request.socket.destroy());
    // What is told to do something takes as long as that takes.
    const patient = request.method === "POST";
    if (!patient) hurry();
    void answer(request, routes, logger, protection).then((answered) => {
      if (patient) hurry();
      if (stopping) closeAfter(response);
      send(request, response, answered, protection?.headers);
    });
  }
  const server = createServer(LIMITS, respond);
  // A body is refused before it is sent.
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
    // That of HTTP closes silent connections as well.
    NetServer.prototype.close.call(server);
    for (const response of answering) closeAfter(response);
    const leftMs = Math.max(0, graceMs - (clock.monotonicMs() - startMs));
    const lingerMs = Math.min(leftMs, LINGER_MS);
    await after(clock, lingerMs, ended.signal, () => {
      server.close();
      tls?.stop();
      connections.closeSilent();
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
 * Lets connections be accepted and requests be read that are there already. A turn accepts one connection; where ever more
 * come there is no telling which were there, and an end is made.
 */
async function arrivals(server: Server, clock: Clock): Promise<void> {
  const startMs = clock.monotonicMs();
  let quiet = 0;
  const heard = (): void => {
    quiet = 0;
  };
  server.on("connection", heard);
  for (let turn = 0; quiet < 4 && turn < BACKLOG; turn++) {
    if (turn >= BACKLOG / 8 && clock.monotonicMs() - startMs >= LINGER_MS) break;
    quiet++;
    await new Promise((resolve) => setImmediate(resolve));
  }
  server.off("connection", heard);
}

function closeAfter(response: ServerResponse): void {
  if (!response.headersSent && response.req.httpVersionMajor === 1)
    response.setHeader("connection", "close");
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

async function answer(
  request: IncomingMessage,
  routes: Routes,
  logger: Logger,
  protection: Protection | undefined,
): Promise<Answer> {
  const path = pathOf(request.url ?? "");
  const refused = reject(request) ?? (await protection?.authorize(request, path));
  if (refused) return refused;
  const get = routes.get(path);
  const post = routes.get(`POST ${path}`);
  if (!get && !post) return textAnswer(404, "not found");
  const handler = request.method === "POST" ? post : READS.has(request.method) ? get : undefined;
  if (!handler) {
    const allow = [...(get ? READS : []), ...(post ? ["POST"] : [])];
    return textAnswer(
      405,
      `only ${allow.join(" and ")} ${allow.length > 1 ? "are" : "is"} served`,
      {
        allow: allow.join(", "),
      },
    );
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
  return textAnswer(413, "a body is not taken", { connection: "close" });
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
  // What is written in one turn goes to the kernel at once, and is not copied before.
  for (const piece of sent) response.write(piece);
  // Once a response is ended, server.close() takes its connection for idle and cuts off what was not sent yet.
  response.write(last, () => response.end());
}

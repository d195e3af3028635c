import { AgentError } from "../core/error.ts";
import { TooLongError } from "./response-parser.ts";
import type { Answer } from "./response-parser.ts";
import { ProxyRefusal, requestFailure } from "./errors.ts";
import { headerLines } from "./headers.ts";
import { Pool } from "./pool.ts";
import type { Message } from "./pool.ts";
import type { ProxyEnvironment } from "./proxy.ts";
import { routeTo } from "./connector.ts";
import type { Route } from "./connector.ts";

export interface HttpOptions {
  /** PEM; replaces the roots of the system. */
  readonly ca?: string | undefined;
  /** PEM: certificate and key of the client. */
  readonly clientCertificate?: string | undefined;
  /** The name that the server's certificate must have, if not that of the URL. */
  readonly serverName?: string | undefined;
  /** Takes any certificate of a server. */
  readonly skipVerify?: boolean;
  /** Ends the message about a certificate that no CA vouches for. Default: what to do for a repository. */
  readonly caHint?: string;
  readonly socketPath?: string | undefined;
  /** Default true: a GET goes on at another address of the same origin. */
  readonly followRedirects?: boolean;
  readonly proxyEnvironment: ProxyEnvironment;
  readonly connections: number;
  /** Requests under way on one connection. Default 1: not every server likes more, and it must be GETs alone. */
  readonly pipelining?: number;
  /** How long a request may be without a byte, milliseconds. */
  readonly idleMs?: number;
}

interface HttpRequest {
  /** Default GET. */
  readonly method?: "GET" | "POST" | "PUT" | undefined;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  /** Bound of the answer; what is longer fails as `corrupt`. */
  readonly maxBytes: number;
}

export type HttpResponse = Answer;

/** Sends a request. Any status is an answer. @throws AgentError, or the reason of the signal */
export type Send = (request: HttpRequest, signal: AbortSignal) => Promise<HttpResponse>;

const IDLE_MS = 10_000;
const MAX_REDIRECTS = 5;
const NOTHING = new Uint8Array(0);

/** The one HTTP client. A GET follows redirects within the same origin: a login must not go elsewhere. */
export function httpClient(options: HttpOptions): Send {
  const servers = new Map<string, Server>();
  return async (request, signal) => {
    let { url } = request;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      signal.throwIfAborted();
      const { origin } = url;
      const server = servers.get(origin) ?? serverOf(url, options);
      servers.set(origin, server);
      const message = messageOf(request, url, server.route);
      let response: HttpResponse;
      try {
        response = await server.pool.send(message, signal);
        if (response.status === 407 && server.route.via !== "") throw new ProxyRefusal(407);
      } catch (error) {
        signal.throwIfAborted();
        throw failure(error, server, request, url, options);
      }
      const next = redirection(request, url, response, options);
      if (next === undefined) return response;
      if (next?.origin !== origin) {
        throw new AgentError(
          "other",
          `${server.where} redirects to ${next?.host ?? "an invalid address"}: not followed, the login would go along`,
        );
      }
      url = next;
    }
    throw new AgentError("other", `${url.host} redirects more than ${MAX_REDIRECTS} times`);
  };
}

/** One origin. */
interface Server {
  readonly route: Route;
  readonly pool: Pool;
  /** How it is named: host and port, or a socket, and the proxy. */
  readonly where: string;
}

function serverOf(url: URL, options: HttpOptions): Server {
  const { socketPath, connections, pipelining = 1, idleMs = IDLE_MS } = options;
  const route = routeTo(url, options);
  return {
    route,
    pool: new Pool(route, { connections, pipelining, idleMs }),
    where: (socketPath ?? url.host) + route.via,
  };
}

/** Undefined if there is none, null if it leads nowhere. */
function redirection(
  { method = "GET" }: HttpRequest,
  url: URL,
  { status, headers }: HttpResponse,
  { followRedirects = true }: HttpOptions,
): URL | null | undefined {
  if (status < 300 || status > 399 || method !== "GET" || !followRedirects) return undefined;
  const location = headers["location"];
  return location === undefined ? undefined : URL.parse(location, url.href);
}

function messageOf(
  { method = "GET", headers, body, maxBytes }: HttpRequest,
  url: URL,
  route: Route,
): Message {
  // Some servers refuse a POST that does not say that it has no body; and it is not to be repeated as a GET is.
  const sent = method === "GET" ? body : (body ?? NOTHING);
  const length = sent === undefined ? "" : `content-length: ${sent.length}\r\n`;
  const lines = `host: ${url.host}\r\nconnection: keep-alive\r\n${length}${route.headers}${headerLines(headers)}`;
  const head = `${method} ${route.prefix}${url.pathname}${url.search} HTTP/1.1\r\n${lines}\r\n`;
  return { head, body: sent, maxBytes };
}

function failure(
  error: unknown,
  { where }: Server,
  { maxBytes }: HttpRequest,
  url: URL,
  { idleMs = IDLE_MS, caHint }: HttpOptions,
): AgentError {
  return error instanceof TooLongError
    ? new AgentError("corrupt", `${where} sends more than ${maxBytes} bytes for ${url.pathname}`)
    : requestFailure(error, where, idleMs, caHint);
}

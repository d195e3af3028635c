import type { Dispatcher } from "undici";

import { AgentError } from "../core/error.ts";
import { requestFailure } from "./failure.ts";
import { proxyFor } from "./proxy.ts";
import type { ProxyEnvironment } from "./proxy.ts";

export interface HttpOptions {
  /** PEM; replaces the roots of the system. */
  readonly ca?: string | undefined;
  /** PEM: certificate and key of the client. */
  readonly clientCertificate?: string | undefined;
  readonly socketPath?: string | undefined;
  readonly proxyEnvironment: ProxyEnvironment;
  /** Requests side by side. */
  readonly connections: number;
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

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Sends a request. Any status is an answer. @throws AgentError, or the reason of the signal */
export type Send = (request: HttpRequest, signal: AbortSignal) => Promise<HttpResponse>;

const IDLE_MS = 10_000;
const MAX_REDIRECTS = 5;
const MAX_HEADER_BYTES = 64 * 1024;

/** The one HTTP client. A GET follows redirects within the same origin: a login must not go elsewhere. */
export function httpClient(options: HttpOptions): Send {
  const idleMs = options.idleMs ?? IDLE_MS;
  let client: Promise<Undici> | undefined;
  return async (request, signal) => {
    let { url } = request;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const where = options.socketPath ?? url.host;
      signal.throwIfAborted();
      client ??= connect(request.url, options, idleMs);
      const response = await send(await client, { ...request, url }, where, idleMs, signal);
      const location = response.headers["location"];
      const { method = "GET" } = request;
      const redirected = response.status >= 300 && response.status <= 399 && method === "GET";
      if (!redirected || location === undefined) return response;
      const next = URL.parse(location, url.href);
      if (next?.origin !== url.origin) {
        throw new AgentError(
          "other",
          `${where} redirects to ${next?.host ?? "an invalid address"}: not followed, the login would go along`,
        );
      }
      url = next;
    }
    throw new AgentError("other", `${url.host} redirects more than ${MAX_REDIRECTS} times`);
  };
}

interface Undici {
  readonly request: typeof import("undici").request;
  readonly dispatcher: Dispatcher;
}

async function connect(url: URL, options: HttpOptions, idleMs: number): Promise<Undici> {
  const { Agent, ProxyAgent, request } = await import("undici");
  const { ca, clientCertificate, socketPath, connections } = options;
  const tls = {
    ...(ca !== undefined && { ca }),
    ...(clientCertificate !== undefined && { cert: clientCertificate, key: clientCertificate }),
  };
  const limits = {
    connections,
    headersTimeout: idleMs,
    bodyTimeout: idleMs,
    maxHeaderSize: MAX_HEADER_BYTES,
  };
  const proxy = socketPath === undefined ? proxyFor(url, options.proxyEnvironment) : undefined;
  const dispatcher =
    proxy === undefined
      ? new Agent({
          ...limits,
          connect: { ...tls, timeout: idleMs, ...(socketPath !== undefined && { socketPath }) },
        })
      : new ProxyAgent({
          ...limits,
          uri: proxy,
          proxyTunnel: url.protocol === "https:",
          requestTls: { ...tls, timeout: idleMs },
        });
  return { request, dispatcher };
}

async function send(
  { request, dispatcher }: Undici,
  { method = "GET", url, headers, body, maxBytes }: HttpRequest,
  where: string,
  idleMs: number,
  signal: AbortSignal,
): Promise<HttpResponse> {
  try {
    const response = await request(url, {
      method,
      dispatcher,
      headers: { ...headers },
      body: body ?? null,
      signal,
    });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response.body) {
      if (!Buffer.isBuffer(chunk)) continue;
      size += chunk.length;
      // Leaving the loop destroys the body: nothing more is received.
      if (size > maxBytes)
        throw new AgentError(
          "corrupt",
          `${where} sends more than ${maxBytes} bytes for ${url.pathname}`,
        );
      chunks.push(chunk);
    }
    return {
      status: response.statusCode,
      headers: flat(response.headers),
      body: Buffer.concat(chunks, size),
    };
  } catch (error) {
    signal.throwIfAborted();
    throw requestFailure(error, where, idleMs);
  }
}

function flat(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : (value ?? ""),
    ]),
  );
}

import { AgentError } from "../core/error.ts";
import { openConnection } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { requestFailure } from "./failure.ts";
import type { ProxyEnvironment } from "./proxy.ts";

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

/** The one HTTP client. A GET follows redirects within the same origin: a login must not go elsewhere. */
export function httpClient(options: HttpOptions): Send {
  const idleMs = options.idleMs ?? IDLE_MS;
  let opened: Promise<Connection> | undefined;
  return async (request, signal) => {
    let { url } = request;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      signal.throwIfAborted();
      opened ??= openConnection(request.url, options, idleMs);
      const connection = await opened;
      const where = (options.socketPath ?? url.host) + connection.via;
      const response = await send(connection, { ...request, url }, where, options, signal);
      const location = response.headers["location"];
      const { method = "GET" } = request;
      const redirected = response.status >= 300 && response.status <= 399 && method === "GET";
      if (!redirected || location === undefined || options.followRedirects === false)
        return response;
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

async function send(
  { request, dispatcher }: Connection,
  { method = "GET", url, headers, body, maxBytes }: HttpRequest,
  where: string,
  { idleMs = IDLE_MS, caHint }: HttpOptions,
  signal: AbortSignal,
): Promise<HttpResponse> {
  try {
    const response = await request(url, {
      method,
      dispatcher,
      headers: { ...headers },
      body: body ?? null,
      // Those of the dispatcher do not reach a request that a proxy passes on.
      headersTimeout: idleMs,
      bodyTimeout: idleMs,
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
    throw requestFailure(error, where, idleMs, caHint);
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

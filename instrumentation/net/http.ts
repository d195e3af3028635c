import { AgentError } from "../core/error.ts";
import { openConnection } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { requestFailure } from "./failure.ts";
import type { ProxyEnvironment } from "./proxy.ts";
import { WholeAnswer } from "./whole-answer.ts";

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
  { dispatcher }: Connection,
  { method = "GET", url, headers, body, maxBytes }: HttpRequest,
  where: string,
  { idleMs = IDLE_MS, caHint }: HttpOptions,
  signal: AbortSignal,
): Promise<HttpResponse> {
  signal.throwIfAborted();
  const answer = new WholeAnswer(
    maxBytes,
    `${where} sends more than ${maxBytes} bytes for ${url.pathname}`,
  );
  const abort = (): void => answer.abort(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    dispatcher.dispatch(
      {
        origin: url.origin,
        path: url.pathname + url.search,
        method,
        headers: { ...headers },
        body: body ?? null,
        // Those of the dispatcher do not reach a request that a proxy passes on.
        headersTimeout: idleMs,
        bodyTimeout: idleMs,
      },
      answer,
    );
    return await answer.whole;
  } catch (error) {
    signal.throwIfAborted();
    throw requestFailure(error, where, idleMs, caHint);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

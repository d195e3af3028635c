import { AgentError } from "../core/error.ts";
import type { Connections } from "./connections.ts";
import { requestFailure, TooLongError } from "./errors.ts";
import { exchange } from "./exchange.ts";
import type { BodyReceiver, HttpResponse } from "./exchange.ts";
import type { HttpOptions } from "./options.ts";
import { exceededLimit, timeLimits } from "./time-limits.ts";

export type { HttpResponse } from "./exchange.ts";

interface HttpRequest {
  /** Default GET. */
  readonly method?: "GET" | "POST" | "PUT" | undefined;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  /** A larger response fails as `corrupt`, unless `onBody` receives it. */
  readonly maxBytes: number;
  /** Receives the body of a response with status 200 in pieces. The `body` of the response is then empty. */
  readonly onBody?: BodyReceiver | undefined;
}

/** Sends a request. Any status is a response. @throws AgentError, or the reason of the signal */
export type Send = (request: HttpRequest, signal: AbortSignal) => Promise<HttpResponse>;

const MAX_REDIRECTS = 5;

/** The one HTTP client. A GET follows redirects only within its origin: other servers must not get the login. */
export function httpClient(options: HttpOptions): Send {
  const { socketPath, followRedirects = true, caHint } = options;
  const limits = timeLimits(options);
  const origins = new Map<string, Promise<Connections>>();

  function connectionsOf(url: URL): Promise<Connections> {
    const known = origins.get(url.origin);
    if (known) return known;
    // undici is loaded with the first request.
    const opened = import("./connections.ts").then(({ connectionsTo }) =>
      connectionsTo(url, options, limits),
    );
    origins.set(url.origin, opened);
    return opened;
  }

  async function send(request: HttpRequest, url: URL, signal: AbortSignal): Promise<HttpResponse> {
    const connections = await connectionsOf(url);
    const where = (socketPath ?? url.host) + connections.via;
    const { method = "GET", headers, body, maxBytes, onBody } = request;
    const { origin, pathname, search } = url;
    const message = { origin, path: pathname + search, method, headers, body: body ?? null };
    try {
      return await exchange(connections, message, { maxBytes, onBody }, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof TooLongError)
        throw new AgentError(
          "corrupt",
          `${where} sends more than ${maxBytes} bytes for ${pathname}`,
        );
      throw requestFailure(error, where, exceededLimit(error, limits), caHint);
    }
  }

  return async (request, signal) => {
    signal.throwIfAborted();
    let { url } = request;
    const isFollowing = followRedirects && (request.method ?? "GET") === "GET";
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const response = await send(request, url, signal);
      const next = isFollowing ? redirection(url, response) : undefined;
      if (next === undefined) return response;
      if (next?.origin !== url.origin) {
        const target = next?.host ?? "an invalid address";
        const reason = "not followed, because the login would be sent there";
        throw new AgentError(
          "other",
          `${socketPath ?? url.host} redirects to ${target}: ${reason}`,
        );
      }
      url = next;
    }
    throw new AgentError("other", `${url.host} redirects more than ${MAX_REDIRECTS} times`);
  };
}

/** undefined: not a redirect; null: Location is not a valid URL. */
function redirection(url: URL, { status, headers }: HttpResponse): URL | null | undefined {
  const location = headers["location"];
  if (status < 300 || status > 399 || location === undefined) return undefined;
  return URL.parse(location, url.href);
}

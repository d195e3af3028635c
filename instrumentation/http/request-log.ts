import { subscribe } from "node:diagnostics_channel";

import { isJsonObject } from "../core/json.ts";
import type { Clock } from "../core/clock.ts";
import type { Debug } from "../core/log.ts";

/**
 * Logs every HTTP request of this process that undici sends: method, URL, status, duration. The query is left out, since a signature may be
 * in it; headers and bodies are never logged. https://undici.nodejs.org/#/docs/api/DiagnosticsChannel.md
 * @param isOn is asked at the start of each request
 */
export function logRequests(clock: Clock, debug: Debug, isOn: () => boolean): void {
  const started = new WeakMap<object, number>();
  const statuses = new WeakMap<object, number>();

  function log(request: Sent, outcome: { readonly error?: string }): void {
    const { method, origin, path } = request;
    const startedMs = started.get(request);
    // A response that is refused after its end has been logged.
    if (startedMs === undefined) return;
    debug(outcome.error === undefined ? "request" : "request failed", {
      method: String(method),
      url: urlOf(String(origin), String(path)),
      status: statuses.get(request),
      ...outcome,
      seconds: Math.round(clock.monotonicMs() - startedMs) / 1000,
    });
    started.delete(request);
  }

  on("create", (request) => {
    if (isOn()) started.set(request, clock.monotonicMs());
  });
  on("headers", (request, { response }) => {
    if (started.has(request) && isJsonObject(response))
      statuses.set(request, Number(response["statusCode"]));
  });
  on("trailers", (request) => log(request, {}));
  on("error", (request, { error }) => log(request, { error: nameOf(error) }));
}

/** For CONNECT the path is an address: the proxy comes before it. */
function urlOf(origin: string, path: string): string {
  const [withoutQuery = ""] = path.split("?", 1);
  return path.startsWith("/") ? origin + withoutQuery : `${origin} ${withoutQuery}`;
}

type Sent = Readonly<Record<string, unknown>>;

function on(event: string, receive: (request: Sent, message: Sent) => void): void {
  subscribe(`undici:request:${event}`, (message) => {
    if (isJsonObject(message) && isJsonObject(message["request"]))
      receive(message["request"], message);
  });
}

/** The code or the class of an error: its message may repeat bytes of the server. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  return "code" in error ? String(error.code) : error.name;
}

import type { Clock } from "../core/clock.ts";
import { AgentError } from "../core/error.ts";
import type { HttpResponse } from "./client.ts";

/** The error for a status. @param what the URL, or another name of the requested thing */
export function statusError(
  { status, headers, body }: HttpResponse,
  what: string,
  clock: Clock,
): AgentError {
  if (status === 401 || status === 403)
    return new AgentError("denied", `${what}: access denied (${status})`);
  if (status === 404) return new AgentError("not_found", `${what}: not found (404)`);
  // 501: the server will not know the request next time either.
  if (status === 429 || (status >= 500 && status !== 501)) {
    const retryAfterMs = retryAfter(headers["retry-after"], clock);
    return new AgentError("unreachable", `${what}: the server answers ${status}`, {
      transient: true,
      retryAfterMs,
    });
  }
  if (status === 400 && WANTS_TLS.test(body.toString("latin1", 0, MAX_WORDS)))
    return new AgentError("config", `${what}: the server expects HTTPS: write https:// (400)`);
  return new AgentError("other", `${what}: the server answers ${status}`);
}

/** nginx: "The plain HTTP request was sent to HTTPS port"; Go: "Client sent an HTTP request to an HTTPS server." */
const WANTS_TLS = /HTTP request (?:was sent )?to (?:an )?HTTPS (?:port|server)/;
const MAX_WORDS = 1000;

/** Seconds or an HTTP date, as milliseconds from now; RFC 9110, section 10.2.3. */
function retryAfter(value: string | undefined, clock: Clock): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  // Date.parse also accepts "-1" and "1.5".
  const date = value.endsWith("GMT") ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - clock.now());
}

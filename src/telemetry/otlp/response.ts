import type { HttpResponse } from "restic-otel-instrumentation/http";
import {
  AgentError,
  isJsonObject,
  proxyFor,
  statusError,
  systemClock,
} from "restic-otel-instrumentation/internal";

import { endpointName } from "../../settings/otlp.ts";
import type { OtlpEndpoint } from "../../settings/otlp.ts";
import { SERIALIZERS } from "./stock-exporter.ts";

/** Replaces secrets in text. */
export type Redact = (text: string) => string;

/** OTLP specification, section "Retryable Response Codes". */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * @param redact applied to the receiver's own words
 * @throws AgentError unless the response accepts every point
 */
export function checkResponse(
  response: HttpResponse,
  { url, protocol, timeoutMs }: OtlpEndpoint,
  redact: Redact,
): void {
  const { status, body } = response;
  const proxy = proxyFor(new URL(url), process.env);
  const where = endpointName(url) + (proxy ? ` through the proxy ${proxy.host}` : "");
  if (status < 200 || status > 299) {
    const { code, message, retryAfterMs } = statusError(response, where, systemClock);
    const transient = RETRYABLE.has(status) && (retryAfterMs ?? 0) < timeoutMs;
    throw new AgentError(code, message + reason(body, redact), { transient, retryAfterMs });
  }
  const { rejected, why } = partialSuccess(body, protocol, where);
  if (rejected > 0) {
    const message = `${where}: ${rejected} points were rejected: ${printable(why, redact)}`;
    throw new AgentError("other", message);
  }
}

/** OTLP specification, section "Partial Success". */
function partialSuccess(
  body: Buffer,
  protocol: OtlpEndpoint["protocol"],
  where: string,
): { readonly rejected: number; readonly why: unknown } {
  try {
    // The stock deserializer accepts any text.
    if (protocol === "http/json" && body.length > 0 && !isJsonObject(JSON.parse(body.toString())))
      throw new TypeError("not a JSON object");
    const { partialSuccess: partial } = SERIALIZERS[protocol].deserializeResponse(body);
    // JSON writes 64-bit numbers as text.
    const count: unknown = partial?.rejectedDataPoints;
    return { rejected: Number(count ?? 0), why: partial?.errorMessage };
  } catch (cause) {
    throw notOtlp(where, cause);
  }
}

/** The error for a failed request. To the agent, "corrupt" is a damaged repository: here it is a response that is too large. */
export function requestError(error: unknown, endpoint: string): unknown {
  return error instanceof AgentError && error.code === "corrupt" ? notOtlp(endpoint, error) : error;
}

function notOtlp(where: string, cause: unknown): AgentError {
  const hint = "is a login page or a proxy in front of the receiver?";
  return new AgentError("other", `${where}: the response is not OTLP: ${hint}`, { cause });
}

/** The receiver's own message, unless it is HTML or binary. */
function reason(body: Buffer, redact: Redact): string {
  const text = body.toString();
  // oxlint-disable-next-line no-control-regex -- finds binary data
  if (/^\s*<|[\0-\b\u000E-\u001F\uFFFD]/.test(text)) return "";
  const shown = printable(text, redact);
  return shown === "" ? "" : `: ${shown}`;
}

export function notAccepted(endpoint: string, timeoutMs: number): AgentError {
  return new AgentError("timeout", `${endpoint}: not accepted within ${timeoutMs / 1000} s`);
}

const MAX_READ = 4096;

/** A receiver's text as one short line without control characters and secrets: some repeat the headers of the request. */
function printable(text: unknown, redact: Redact): string {
  return redact((typeof text === "string" ? text : "").slice(0, MAX_READ))
    .replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]+/gu, " ")
    .trim()
    .slice(0, 200);
}

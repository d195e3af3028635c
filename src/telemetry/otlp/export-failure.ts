import { OTLPExporterError } from "@opentelemetry/otlp-exporter-base";
import {
  AgentError,
  requestFailure,
  statusError,
  systemClock,
} from "restic-otel-instrumentation/internal";

import { endpointName } from "../../settings/otlp.ts";
import type { OtlpEndpoint } from "../../settings/otlp.ts";
import { proxyOf } from "./proxy-of.ts";
import { printable } from "./response.ts";
import type { Redact } from "./response.ts";

const CA_HINT = "tls.ca, or OTEL_EXPORTER_OTLP_CERTIFICATE, names another CA";

/**
 * The error of the stock exporter, with a message that names the endpoint and its proxy.
 * @param redact applied to the receiver's own words
 */
export function exportFailure(
  error: Error,
  { url, timeoutMs }: OtlpEndpoint,
  redact: Redact,
): AgentError {
  if (error instanceof AgentError) return error;
  const proxy = proxyOf(url);
  const through = proxy ? ` through the proxy ${proxy.host}` : "";
  if (!(error instanceof OTLPExporterError)) {
    const host = new URL(url).host + through;
    if ("code" in error && String(error.code).startsWith("HPE_"))
      return new AgentError("other", `invalid HTTP/1.1 response from ${host}: is it a gRPC port?`);
    return requestFailure(error, host, timeoutMs, CA_HINT);
  }
  const where = endpointName(url) + through;
  if (error.code === undefined) {
    // The stock exporter keeps no status that it retries.
    const message = `${where}: the server answers 429, 502, 503 or 504: it is busy or unavailable`;
    return new AgentError("unreachable", message, { transient: true });
  }
  const answer = { status: error.code, headers: {}, body: Buffer.alloc(0) };
  const { code, message } = statusError(answer, where, systemClock);
  return new AgentError(error.code === 407 ? "denied" : code, message + reason(redact, error.data));
}

/** The receiver's own message, unless it is HTML or binary. */
function reason(redact: Redact, body = ""): string {
  // oxlint-disable-next-line no-control-regex -- finds binary data
  if (/^\s*<|[\0-\b\u000E-\u001F\uFFFD]/.test(body)) return "";
  const text = printable(body, redact);
  return text === "" ? "" : `: ${text}`;
}

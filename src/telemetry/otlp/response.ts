import { JsonMetricsSerializer, ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import type { IExportMetricsServiceResponse, ISerializer } from "@opentelemetry/otlp-transformer";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { AgentError, isJsonObject } from "restic-otel-instrumentation/internal";

import type { OtlpEndpoint } from "../../settings/otlp.ts";
import { pointsOf } from "./batches.ts";

/** A Collector refuses more than 20 MiB, measured before compression. */
const MAX_BODY_BYTES = 16 * 2 ** 20;

/** Nothing was sent: the metrics have to be split. */
export class BodyTooLargeError extends Error {
  override readonly name = "BodyTooLargeError";
}

export interface CheckedSerializer extends ISerializer<
  ResourceMetrics,
  IExportMetricsServiceResponse
> {
  /** Why the last export failed, if the delegate does not tell; undefined: a response accepted every point. */
  problem(): Error | undefined;
}

/** Replaces secrets in text. */
export type Redact = (text: string) => string;

/**
 * The stock serializer, through which the delegate passes each response. The delegate ignores whether it is complete, whether it is OTLP,
 * and how many points it rejects. For one export at a time.
 * @param where the endpoint's name in messages
 * @param redact applied to the receiver's own words
 */
export function checkedSerializer(
  protocol: OtlpEndpoint["protocol"],
  where: string,
  redact: Redact,
): CheckedSerializer {
  const isJson = protocol === "http/json";
  const stock = isJson ? JsonMetricsSerializer : ProtobufMetricsSerializer;
  let problem: Error | undefined;
  return {
    problem: () => problem,
    serializeRequest(metrics) {
      problem = new AgentError("unreachable", `${where}: the response broke off`);
      const body = stock.serializeRequest(metrics);
      if (body === undefined || body.length <= MAX_BODY_BYTES || pointsOf(metrics) < 2) return body;
      problem = new BodyTooLargeError();
      return undefined;
    },
    // Called with the complete body of a response with status 2xx.
    deserializeResponse(body) {
      problem = new AgentError("other", `${where}: ${NOT_OTLP}`);
      // The stock JSON deserializer accepts any text.
      if (isJson && body.length > 0 && !isJsonObject(JSON.parse(new TextDecoder().decode(body))))
        throw new TypeError("not a JSON object");
      const response = stock.deserializeResponse(body);
      const rejection = rejectionIn(response, redact);
      problem =
        rejection === undefined ? undefined : new AgentError("other", `${where}: ${rejection}`);
      return response;
    },
  };
}

const NOT_OTLP = "the response is not OTLP: is a login page or a proxy in front of the receiver?";

/** OTLP specification, section "Partial Success". */
function rejectionIn(
  { partialSuccess }: IExportMetricsServiceResponse,
  redact: Redact,
): string | undefined {
  // JSON writes 64-bit numbers as text.
  const count: unknown = partialSuccess?.rejectedDataPoints;
  const rejected = Number(count ?? 0);
  return rejected > 0
    ? `${rejected} points were rejected: ${printable(partialSuccess?.errorMessage, redact)}`
    : undefined;
}

export function notAccepted(endpoint: string, timeoutMs: number): AgentError {
  return new AgentError("timeout", `${endpoint}: not accepted within ${timeoutMs / 1000} s`);
}

const MAX_READ = 4096;

/** A receiver's text as one short line without control characters and secrets: some repeat the headers of the request. */
export function printable(text: unknown, redact: Redact): string {
  return redact((typeof text === "string" ? text : "").slice(0, MAX_READ))
    .replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]+/gu, " ")
    .trim()
    .slice(0, 200);
}

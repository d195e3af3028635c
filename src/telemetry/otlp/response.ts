import { AgentError, isJsonObject, statusError } from "restic-otel-instrumentation/internal";
import type { Clock, HttpResponse } from "restic-otel-instrumentation/internal";

/** Answers that the OTLP specification allows to repeat, section "Retryable response codes". */
const RETRYABLE = new Set([429, 502, 503, 504]);

/**
 * An answer of 200 is not enough: points may be rejected one by one, and a login page is no Collector.
 * @param decode reads the body of an accepted request; it may throw
 * @throws AgentError if not everything was taken
 */
export function checkAnswer(
  answer: HttpResponse,
  where: string,
  decode: (body: Uint8Array) => object,
  clock: Clock,
): void {
  const { status, headers, body } = answer;
  if (status < 200 || status > 299) {
    const { code, message, retryAfterMs } = statusError(answer, where, clock);
    const transient = RETRYABLE.has(status);
    throw new AgentError(code, message + reasonIn(headers, body), { transient, retryAfterMs });
  }
  const { rejectedDataPoints, errorMessage } = partialSuccess(
    accepted(headers, body, where, decode),
  );
  // 64-bit numbers are text in JSON.
  if (Number(rejectedDataPoints ?? 0) > 0)
    throw new AgentError(
      "other",
      `${where}: ${Number(rejectedDataPoints)} points were rejected: ${printable(typeof errorMessage === "string" ? errorMessage : "")}`,
    );
}

export function notAccepted(endpoint: string, timeoutMs: number): AgentError {
  return new AgentError("timeout", `${endpoint}: not accepted within ${timeoutMs / 1000} s`);
}

/** OTLP specification, section "Partial Success". */
function partialSuccess(answer: object): Readonly<Record<string, unknown>> {
  return "partialSuccess" in answer && isJsonObject(answer.partialSuccess)
    ? answer.partialSuccess
    : {};
}

function accepted(
  headers: HttpResponse["headers"],
  body: Uint8Array,
  where: string,
  decode: (body: Uint8Array) => object,
): object {
  if (body.length === 0) return {};
  const type = headers["content-type"] ?? "no content type";
  try {
    if (/^application\/(json|x-protobuf)\b/.test(type)) return decode(body);
  } catch {
    // Said below.
  }
  throw new AgentError(
    "other",
    `${where}: answers 200 with ${printable(type)}, which no OTLP receiver does: is a login page or a proxy in front of it?`,
  );
}

/** A message of the receiver, if it wrote one as text. */
function reasonIn(headers: HttpResponse["headers"], body: Uint8Array): string {
  if (!/^(text\/plain|application\/json)/.test(headers["content-type"] ?? "")) return "";
  const text = printable(new TextDecoder().decode(body.subarray(0, 400)));
  return text === "" ? "" : `: ${text}`;
}

function printable(text: string): string {
  return text
    .replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]+/gu, " ")
    .trim()
    .slice(0, 200);
}

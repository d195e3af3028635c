import { AgentError } from "../core/error.ts";
import type { ErrorCode } from "../core/error.ts";

/** The response is not valid HTTP/1.1. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** The body is larger than the limit. */
export class TooLongError extends Error {
  override readonly name = "TooLongError";
}

/** The server closed a kept connection instead of answering; the cause says how. */
export class LostRequest extends Error {
  override readonly name = "LostRequest";
}

/** No trusted certificate authority signed the server's certificate. */
const UNKNOWN_CA = /^(DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|CERT_UNTRUSTED|INVALID_CA)/;
const TLS = /^(CERT_|ERR_TLS|ERR_SSL|HOSTNAME_MISMATCH|INVALID_PURPOSE|PATH_LENGTH|EPROTO$)/;

/** Whether the server closed the connection. */
export function isReset(thrown: unknown): boolean {
  return ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"].includes(codeOf(thrown));
}

/**
 * @param where host and port, or a socket: no path, no login
 * @param silenceMs the time limit that a time-out exceeded
 */
export function requestFailure(
  cause: unknown,
  where: string,
  silenceMs: number,
  caHint = "to trust another CA for a repository, set RESTIC_CACERT",
): AgentError {
  if (cause instanceof AgentError) return cause;
  const code = codeOf(cause);
  const text = cause instanceof Error ? cause.message : "unknown reason";
  const permanent = (type: ErrorCode, message: string): AgentError =>
    new AgentError(type, message, { cause });
  const transient = (message: string, type: ErrorCode = "unreachable"): AgentError =>
    new AgentError(type, message, { transient: true, cause });

  // undici states the status of a proxy only in the texts of its errors.
  const proxyStatus = /^Proxy (?:response|Authentication Required) \((\d{3})\)/.exec(text)?.[1];
  if (proxyStatus !== undefined) {
    const message = `the proxy refused to connect to ${where} (${proxyStatus})`;
    if (Number(proxyStatus) >= 500) return transient(message);
    return permanent(/^40[37]$/.test(proxyStatus) ? "denied" : "other", message);
  }
  if (code.startsWith("UND_ERR_SOCKS5_")) {
    const message = `the proxy refused to connect to ${where} (${text})`;
    if (/_AUTH_|_REPLY_2$/.test(code)) return permanent("denied", message);
    return /_REPLY_[13456]$/.test(code) ? transient(message) : permanent("other", message);
  }
  const violation = violationIn(cause, code, text);
  if (violation !== undefined)
    return permanent("other", `invalid HTTP/1.1 response from ${where}: ${violation}`);
  if (UNKNOWN_CA.test(code) || TLS.test(code)) {
    const hint = UNKNOWN_CA.test(code) ? `; ${caHint}` : "";
    const message = `TLS with ${where} failed: ${tlsReason(cause, text)} (${code})${hint}`;
    return permanent("unreachable", message);
  }
  if (isReset(cause)) return transient(`${where} closed the connection`);
  if (code.startsWith("ERR_OSSL"))
    return permanent("config", `the client's certificate or key cannot be used (${code})`);
  switch (code) {
    case "ETIMEDOUT":
    case "UND_ERR_CONNECT_TIMEOUT":
    case "UND_ERR_HEADERS_TIMEOUT":
    case "UND_ERR_BODY_TIMEOUT":
      return transient(`${where} sent nothing for ${silenceMs / 1000} s`, "timeout");
    case "ECONNREFUSED":
      return transient(`${where} refuses the connection`);
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return transient(`the name of ${where} cannot be resolved (${code})`);
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EADDRNOTAVAIL":
    case "ENETDOWN":
    case "EHOSTDOWN":
      return transient(`${where} cannot be reached (${code})`);
    case "ENOENT":
      return transient(`${where} does not exist`);
    case "UND_ERR_RES_CONTENT_LENGTH_MISMATCH":
      return transient(`the body from ${where} does not match its Content-Length`);
    case "EACCES":
      return permanent("denied", `no permission to open ${where}`);
    case "UND_ERR_INVALID_ARG":
      // The text names the header, not its value.
      return permanent("config", `the request to ${where} cannot be sent: ${text}`);
    default:
      return permanent("other", `the request to ${where} failed: ${code === "" ? text : code}`);
  }
}

/** How a response violates HTTP/1.1; undefined if it does not. */
function violationIn(thrown: unknown, code: string, text: string): string | undefined {
  if (thrown instanceof ProtocolError) return text;
  if (code === "UND_ERR_HEADERS_OVERFLOW") return "the headers exceed 64 KiB";
  if (code === "UND_ERR_SOCKET" && text.startsWith("bad ")) return text;
  if (!(thrown instanceof Error) || thrown.name !== "HTTPParserError") return undefined;
  const reason = /^[^(]*\((.*)\)$/s.exec(text)?.[1] ?? text;
  return reason.startsWith("Expected HTTP/") ? "is it a port of gRPC or another protocol?" : reason;
}

/** Some errors are wrapped; several addresses of one host give an AggregateError. */
export function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return "";
  const code = "code" in thrown && typeof thrown.code === "string" ? thrown.code : "";
  if (code !== "" && !code.startsWith("UND_ERR_PRX")) return code;
  return codeOf(thrown instanceof AggregateError ? thrown.errors[0] : thrown.cause);
}

/** OpenSSL's own messages name lines of its source; Node.js ends those on certificates with advice on its options. */
function tlsReason(thrown: unknown, text: string): string {
  if (thrown instanceof Error && "reason" in thrown && typeof thrown.reason === "string")
    return thrown.reason;
  return text.replace(/;.*$/s, "");
}

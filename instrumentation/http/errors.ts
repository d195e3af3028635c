import { AgentError } from "../core/error.ts";
import { ProtocolError } from "./response-parser.ts";

/** Nobody whom we trust vouches for the server. */
const UNKNOWN_CA = /^(DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|CERT_UNTRUSTED|INVALID_CA)/;
const TLS = /^(CERT_|ERR_TLS|ERR_SSL|HOSTNAME_MISMATCH|INVALID_PURPOSE|PATH_LENGTH|EPROTO$)/;

const RESETS: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"]);
const UNREACHABLE: ReadonlySet<string> = new Set([
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "ENETDOWN",
  "EHOSTDOWN",
]);

/** Nothing came for as long as one waits. */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
  readonly code = "ETIMEDOUT";
}

/** A proxy that does not pass on. */
export class ProxyRefusal extends Error {
  override readonly name = "ProxyRefusal";
  readonly status: number;

  constructor(status: number) {
    super(`the proxy answers ${status}`);
    this.status = status;
  }
}

/** What a failed request means. `where` is host and port, or a socket: no path, no login. */
export function requestFailure(
  thrown: unknown,
  where: string,
  idleMs: number,
  caHint = "for a repository, RESTIC_CACERT names another CA",
): AgentError {
  if (thrown instanceof AgentError) return thrown;
  const code = codeOf(thrown);
  const failure = (
    type: "unreachable" | "timeout",
    message: string,
    transient = true,
  ): AgentError => new AgentError(type, message, { transient, cause: thrown });
  if (thrown instanceof ProxyRefusal) return proxyFailure(thrown, where);
  if (thrown instanceof ProtocolError)
    return new AgentError("other", `${where} gives no answer of HTTP/1.1: ${thrown.message}`, {
      cause: thrown,
    });
  if (code === "ETIMEDOUT")
    return failure("timeout", `${where} sent nothing for ${idleMs / 1000} s`);
  if (code === "ECONNREFUSED") return failure("unreachable", `${where} refuses the connection`);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return failure("unreachable", `the name of ${where} cannot be resolved (${code})`);
  if (RESETS.has(code)) return failure("unreachable", `${where} broke off the connection`);
  if (UNREACHABLE.has(code)) return failure("unreachable", `${where} cannot be reached (${code})`);
  if (code === "ENOENT") return failure("unreachable", `${where} is not there`);
  if (code === "EACCES")
    return new AgentError("denied", `${where} may not be opened`, { cause: thrown });
  if (UNKNOWN_CA.test(code) || TLS.test(code)) {
    const hint = UNKNOWN_CA.test(code) ? `; ${caHint}` : "";
    const message = `TLS with ${where} failed: ${tlsReason(thrown)} (${code})${hint}`;
    return failure("unreachable", message, false);
  }
  if (code.startsWith("ERR_OSSL")) {
    const message = `certificate or key of the client cannot be used (${code})`;
    return new AgentError("config", message, { cause: thrown });
  }
  return new AgentError(
    "other",
    `the request to ${where} failed: ${code === "" ? messageOf(thrown) : code}`,
    { cause: thrown },
  );
}

function proxyFailure(cause: ProxyRefusal, where: string): AgentError {
  const { status } = cause;
  const message = `the way to ${where} is barred: the proxy answers ${status}`;
  if (status >= 500) return new AgentError("unreachable", message, { transient: true, cause });
  return new AgentError(status === 403 || status === 407 ? "denied" : "other", message, { cause });
}

/** Some errors are wrapped; several addresses of one host give an AggregateError. */
function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return "";
  if ("code" in thrown && typeof thrown.code === "string") return thrown.code;
  if (thrown instanceof AggregateError) return codeOf(thrown.errors[0]);
  return codeOf(thrown.cause);
}

/** OpenSSL's own messages name lines of its source; Node ends those on certificates with advice on its options. */
function tlsReason(thrown: unknown): string {
  if (thrown instanceof Error && "reason" in thrown && typeof thrown.reason === "string")
    return thrown.reason;
  return messageOf(thrown).replace(/;.*$/s, "");
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : "unknown reason";
}

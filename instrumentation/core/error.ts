/** The classes of failure, as they stand in the label `error_type`. Closed: a dashboard may list them. */
export const ERROR_CODES = [
  "unreachable",
  "denied",
  "not_found",
  "wrong_password",
  "corrupt",
  "timeout",
  "secret",
  "config",
  "other",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export interface AgentErrorOptions {
  /** The same call may succeed if it is made again: a connection, an overloaded server. Default false. */
  readonly transient?: boolean;
  /** How long the server asked to wait before the next try, milliseconds. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/**
 * Everything that goes wrong while a repository is collected.
 * The message says what and which, in lower case, and never holds a secret: it is logged and shown as it is.
 */
export class AgentError extends Error {
  override readonly name = "AgentError";
  readonly code: ErrorCode;
  readonly transient: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: AgentErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.transient = options.transient ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** What was thrown, as an AgentError; a programming error becomes `other` with its own message. */
export function toAgentError(thrown: unknown): AgentError {
  if (thrown instanceof AgentError) return thrown;
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : "unknown failure";
  return new AgentError("other", message, { cause: thrown });
}

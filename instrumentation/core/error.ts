/** The classes of failure: values of the label `error_type`. Dashboards and alerts may list them. */
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
  /** A retry may succeed: a broken connection, an overloaded server. Default: false. */
  readonly transient?: boolean;
  /** The wait before a retry that the server asked for, milliseconds. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/**
 * A failure of a collection or of the settings.
 * The message says what failed, which one and what to do, in lower case. It is logged and shown as it is: never a secret in it.
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

/** The thrown value as an AgentError; any other error becomes `other` with its own message. */
export function toAgentError(thrown: unknown): AgentError {
  if (thrown instanceof AgentError) return thrown;
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : "unknown failure";
  return new AgentError("other", message, { cause: thrown });
}

/**
 * The beginning of a message about a bad value: `"localhost": `. Empty for text that is long or may contain a login, and for lists.
 * @param value of a setting that holds no secret
 */
export function badValue(value: unknown): string {
  const shown = shownValue(value);
  return shown === undefined ? "" : `${shown}: `;
}

/** A bad value in a message, text in quotes; undefined if it must not be repeated. @param value as for badValue */
export function shownValue(value: unknown): string | undefined {
  if (typeof value === "string")
    return /^[^\p{Cc}@]{1,60}$/u.test(value) ? `"${value}"` : undefined;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

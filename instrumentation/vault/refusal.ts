import { AgentError } from "../core/error.ts";

/** Vault rejected a request permanently (any 4xx status except 412 and 429): a retry does not help. */
export class Refusal extends AgentError {
  readonly status: number;
  /** The response body, unchecked. Use it for decisions, never in a message: it may contain secrets. */
  readonly body: unknown;

  constructor(status: number, message: string, body?: unknown) {
    super("secret", message);
    this.status = status;
    this.body = body;
  }
}

import { AgentError } from "../core/error.ts";

/** Vault understood what it was asked for, and says no: asking again does not help by itself. */
export class Refusal extends AgentError {
  readonly status: number;
  /** The whole answer, unchecked: for decisions, never for a message. */
  readonly body: unknown;

  constructor(status: number, message: string, body?: unknown) {
    super("secret", message);
    this.status = status;
    this.body = body;
  }
}

import { AgentError } from "../../core/error.ts";
import type { Secret } from "../../core/secret.ts";
import type { HttpResponse } from "../../http/client.ts";

/** The value of the first of these variables that is set and not empty. */
export type Variable = (...names: readonly string[]) => string | undefined;

/** The result of a login. */
export interface Access {
  readonly token: Secret;
  readonly url: string;
  /** Milliseconds since the epoch; undefined: not known. */
  readonly expiresAt?: number | undefined;
}

export interface LoginRequest {
  readonly method?: "POST";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export interface LoginVersion {
  /** @throws AgentError `config` if variables are missing */
  request(address: string, variable: Variable, where: string): LoginRequest;
  /** @throws AgentError if the response has no token or no storage URL */
  access(response: HttpResponse, region: string | undefined, what: string): Access;
}

/** The value of the first variable that is set. @throws AgentError `config` if none is set */
export function needed(variable: Variable, where: string, ...names: readonly string[]): string {
  const value = variable(...names);
  if (value !== undefined) return value;
  throw new AgentError(
    "config",
    `${where}: ${names.join(" or ")} is not set in the environment of the repository`,
  );
}

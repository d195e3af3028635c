import { AgentError } from "../../core/error.ts";
import type { Secret } from "../../core/secret.ts";
import type { HttpResponse } from "../../http/client.ts";

/** The first of these variables of the repository that is set and not empty. */
export type Variable = (...names: readonly string[]) => string | undefined;

/** What a login gives. */
export interface Access {
  readonly token: Secret;
  readonly url: string;
  /** Milliseconds since the epoch; undefined if it is not said. */
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
  /** @throws AgentError if the answer does not have what is needed */
  access(response: HttpResponse, region: string | undefined, what: string): Access;
}

/** The first of them that is set. @throws AgentError `config` if none is */
export function needed(variable: Variable, where: string, ...names: readonly string[]): string {
  const value = variable(...names);
  if (value !== undefined) return value;
  throw new AgentError(
    "config",
    `${where}: ${names.join(" or ")} is missing in the environment of the repository`,
  );
}

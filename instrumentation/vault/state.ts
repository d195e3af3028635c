/** How a read of a secret ended. Closed: it is a label. */
export const READ_RESULTS = ["success", "denied", "not_found", "unreachable", "other"] as const;

export type ReadResult = (typeof READ_RESULTS)[number];

/** What is shown of the use of Vault. */
export interface VaultState {
  /** Vault answered the last request, be it with the refusal of a secret, but not of a login or a token; undefined before the first one. */
  up: boolean | undefined;
  /** When the token in use expires, milliseconds since the epoch; undefined without one, and if it never does. */
  tokenExpiresAt: number | undefined;
  /** Logins that gave a token. */
  logins: number;
  /** Reads of secrets by their result. */
  readonly reads: Record<ReadResult, number>;
}

/** @param before what was counted before the settings were changed: counters go on */
export function initialState(before?: Readonly<VaultState>): VaultState {
  return {
    up: undefined,
    tokenExpiresAt: undefined,
    logins: before?.logins ?? 0,
    reads: before
      ? { ...before.reads }
      : { success: 0, denied: 0, not_found: 0, unreachable: 0, other: 0 },
  };
}

/** Results of reading a secret. The set is closed: they are values of the label `result`. */
export const READ_RESULTS = ["success", "denied", "not_found", "unreachable", "other"] as const;

export type ReadResult = (typeof READ_RESULTS)[number];

/** The state that `VAULT_METRICS` are about. */
export interface VaultState {
  /** Undefined before the first request. True: Vault answered the last request; a denied secret counts, a rejected login or token does not. */
  up: boolean | undefined;
  /** When the token in use expires, milliseconds since the epoch; undefined without a token, and if it never expires. */
  tokenExpiresAt: number | undefined;
  /** Successful logins. */
  logins: number;
  /** Reads of secrets by result. */
  readonly reads: Record<ReadResult, number>;
}

/** @param previous the state of the client that this one replaces: its counters are continued */
export function initialState(previous?: Readonly<VaultState>): VaultState {
  return {
    up: undefined,
    tokenExpiresAt: undefined,
    logins: previous?.logins ?? 0,
    reads: previous
      ? { ...previous.reads }
      : { success: 0, denied: 0, not_found: 0, unreachable: 0, other: 0 },
  };
}

import type { Secret, SecretReference } from "../core/secret.ts";
import type { InventoryGiven } from "./inventory.ts";
import type { LocksEvery } from "./locks.ts";

/** Checked settings of one repository. */
export interface RepositorySettings {
  /** restic's repository string as configured. It may contain credentials. */
  readonly repo: Secret;
  /** The repository string without credentials: the label `url`. */
  readonly url: string;
  readonly disabled: boolean;
  /** Undefined with `insecureNoPassword`. May be undefined for a disabled repository. */
  readonly password: SecretReference | undefined;
  readonly insecureNoPassword: boolean;
  /** Environment variables for this repository. */
  readonly environment: Readonly<Record<string, SecretReference>>;
  /** restic's `-o` options. */
  readonly options: Readonly<Record<string, string>>;
  /** Maximum parallel requests; undefined: the default of the backend. */
  readonly connections: number | undefined;
  /** Accept any TLS certificate. */
  readonly insecureTls: boolean;
  /** `restic copy` writes to it: old snapshots may appear. Default: false. */
  readonly receivesCopies?: boolean;
  /** Snapshots are neither removed nor replaced in it. Default: false. */
  readonly appendOnly?: boolean;
  /** undefined: as the agent. */
  readonly inventory?: InventoryGiven | undefined;
  /** undefined: as the agent. */
  readonly locksEvery?: LocksEvery | undefined;
  /** Maximum wait for the first byte of a response, milliseconds; undefined: that of the agent. */
  readonly requestTimeoutMs?: number | undefined;
}

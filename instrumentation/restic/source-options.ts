import type { Clock } from "../core/clock.ts";
import type { AgentError } from "../core/error.ts";
import type { Logger } from "../core/log.ts";
import type { Secret, SecretHandle } from "../core/secret.ts";
import type { OpenBackend } from "../backends/context.ts";
import type { Dating } from "./backdated.ts";
import type { SettingsRules } from "./backup-sets.ts";
import type { SnapshotCache } from "./repository/snapshot-cache.ts";
import type { BackupSet } from "./state.ts";

export interface ResticSourceOptions {
  /** The repository string without credentials: the label `url`. */
  readonly url: string;
  /** The repository string as configured. */
  readonly repo: Secret;
  readonly password: SecretHandle;
  /** Variables of this repository only. */
  readonly environment: Readonly<Record<string, SecretHandle>>;
  /** restic's `-o` options, checked. */
  readonly options?: Readonly<Record<string, string>>;
  readonly connections?: number | undefined;
  readonly insecureTls?: boolean;
  /** Maximum wait for the first byte of a response, milliseconds; undefined: the default of the backends. */
  readonly requestTimeoutMs?: number | undefined;
  /** Bound of a snapshot file and of its JSON, bytes; undefined: the default of the backends. */
  readonly maxSnapshotBytes?: number | undefined;
  /** `keys/` is listed again when the key was verified longer ago than this, milliseconds. */
  readonly reverifyMs: number;
  readonly openBackend: OpenBackend;
  readonly processEnvironment: Readonly<Record<string, string | undefined>>;
  readonly cache?: SnapshotCache | undefined;
  /** The rules of its backup sets. Default: each host has its own name, and no client may choose a time. */
  readonly settingsRules?: ((url: string) => SettingsRules) | undefined;
  /** A problem of backup sets that were read; undefined: none. Unreadable files are worse. */
  readonly problemOf?: ((sets: readonly BackupSet[]) => AgentError | undefined) | undefined;
  readonly dating?: Omit<Dating, "allowsTime"> | undefined;
  /** Time from one look at the locks to the next, milliseconds; undefined: locks are not looked at. */
  readonly locksEveryMs?: number | undefined;
  /** Snapshots are neither removed nor replaced in it. Default: false. */
  readonly appendOnly?: boolean | undefined;
  /** Called when a key derivation begins. */
  readonly onKeyDerivation?: (() => void) | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

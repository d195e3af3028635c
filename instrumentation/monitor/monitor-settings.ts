import type { SecretReference } from "../core/secret.ts";
import type { RepositorySettings } from "../settings/repository.ts";
import type { ExpectationSettings } from "../settings/expectations/expectations.ts";
import type { GroupBy } from "../settings/expectations/group-by.ts";
import type { InventoryGiven } from "../settings/inventory.ts";
import type { LocksEvery } from "../settings/locks.ts";
import type { VaultUse } from "../vault/settings.ts";

/** Settings of a Monitor. */
export interface MonitorSettings {
  /** The enabled repositories; their URLs are distinct. */
  readonly repositories: readonly RepositorySettings[];
  /** Five or six fields, `@daily`, `@every 1h30m`, with or without `CRON_TZ=`. */
  readonly cron: string;
  /** IANA name; undefined: the time zone of the process. */
  readonly timezone: string | undefined;
  /** Time limit of one repository in a collection, milliseconds. */
  readonly timeoutMs: number;
  /** Maximum wait for the first byte of a response, milliseconds, unless the repository sets its own. Default: 60 s. */
  readonly requestTimeoutMs?: number | undefined;
  /** Bound of a snapshot file and of its JSON, bytes. Default: 8 MiB. */
  readonly maxSnapshotBytes?: number | undefined;
  /** A snapshot that appears later than this after its time is backdated, milliseconds. Default: 24 h. */
  readonly maxBackupMs?: number | undefined;
  /** Default: off. */
  readonly inventory?: InventoryGiven | undefined;
  /** Default: off. */
  readonly locksEvery?: LocksEvery | undefined;
  /** Repositories that are collected in parallel. */
  readonly concurrency: number;
  readonly legacyLabel: boolean;
  /** Also the metrics of this other program. Default: none. */
  readonly compat?: "ngosang" | "none" | undefined;
  readonly retryFailed: boolean;
  readonly reverifyMs: number;
  /** Scheduled collections of the repositories are staggered over the interval. */
  readonly spread?: boolean;
  /** Folder for state that survives a restart. Default: none. */
  readonly stateDir?: string | undefined;
  /** Keep config and the key file of each repository in `stateDir`. Default: true. */
  readonly stateKeys?: boolean | undefined;
  /** Further secrets of the program, beside those of `repositories` and of Vault: child processes do not get and print them. */
  readonly otherSecrets?: readonly SecretReference[];
  /** Default: Vault is not used. */
  readonly vault?: VaultUse;
  /** Default: nothing is expected. */
  readonly expectations?: ExpectationSettings;
  /** Default: no series of groups. */
  readonly groupBy?: GroupBy;
  /** Backup sets and groups of one repository that are shown. Default 10,000. */
  readonly maxSets?: number;
  /** Slots of all expectations that are shown; those of names always are. Default 20,000. */
  readonly maxSlots?: number;
}

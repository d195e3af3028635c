import type { CollectionHook } from "../collect/outcome.ts";
import type { Logger } from "../core/log.ts";
import type { Extensions } from "../monitor/extensions.ts";

/** A secret: the text itself, or a reference such as `{file: "/run/secrets/restic"}`. */
export type SecretConfig = string | Readonly<Record<string, unknown>>;

/** One repository, with the keys of the agent's settings file. */
export interface RepositoryConfig {
  /** restic's repository string. */
  readonly repo: string;
  readonly password?: SecretConfig;
  readonly insecure_no_password?: boolean;
  /** Environment variables for this repository alone: restic's, and those of its storage provider. */
  readonly environment?: Readonly<Record<string, SecretConfig>>;
  /** restic's `-o` options. */
  readonly options?: Readonly<Record<string, string | number | boolean>>;
  /** Maximum parallel requests. Default: restic's `-o <backend>.connections` if set, else 20. */
  readonly connections?: number;
  readonly insecure_tls?: boolean;
  /** Maximum wait for the first byte of a response. Default: `requestTimeout`. */
  readonly request_timeout?: string;
  /** `restic copy` writes to it: old snapshots may appear, and are not backdated. */
  readonly receivesCopies?: boolean;
  /** Snapshots are only ever added, since no `forget` or `rewrite` runs: one that is no longer listed is a violation. */
  readonly appendOnly?: boolean;
  /** Compare the index with the packs this often. Default: that of all repositories. */
  readonly inventory?: InventoryConfig | "off" | false;
  /** Look at the locks this often. Default: that of all repositories. */
  readonly locks?: { readonly every: string } | "off" | false;
  readonly disabled?: boolean;
}

/** Inventories, with the keys of the agent's settings file. */
export interface InventoryConfig {
  /** Default `24h`. */
  readonly every?: string;
  /** Index files that one inventory may read. Default `512MiB`. */
  readonly maxIndexBytes?: number | string;
  /** An inventory lists one of so many parts of `data/`, 1 to 256. Default 1. */
  readonly slices?: number;
  /** Blobs up to which each is counted once. Default 4,000,000. */
  readonly exactBlobs?: number;
  /** Time limit of one inventory. Default `1h`. */
  readonly timeout?: string;
}

/** Backup sets that should exist, with the keys of the agent's settings file. Names are texts or globs. */
export interface ExpectationConfig {
  /** The label `expectation`: a-z, 0-9, `_` and `-`. */
  readonly name: string;
  /** Printable URLs. Default: all repositories. */
  readonly repositories?: readonly string[];
  /** A name must exist; a glob matches hosts that have snapshots. */
  readonly hosts: readonly string[];
  /** Default: one slot over all users of a host. */
  readonly users?: readonly string[];
  /** Only snapshots that have all of these tags count. */
  readonly tags?: readonly string[];
  /** Only snapshots that have all of these paths count. */
  readonly paths?: readonly string[];
  /** Age at which the newest snapshot is late. */
  readonly maxAge: string;
  readonly minSnapshots?: number;
  readonly minFiles?: number;
  /** Such as `1GiB`. */
  readonly minBytes?: number | string;
  /** Repositories that must have a fresh snapshot. Default 1. */
  readonly copies?: number;
  /** `2026-12-31` or with time and zone. */
  readonly paused?: { readonly until: string };
  /** Clients may use `backup --time`: such snapshots are not backdated. */
  readonly allowTime?: boolean;
  /** What `restic forget` keeps. */
  readonly retention?: RetentionConfig;
  /** How many of the last periods must have a snapshot: at most the number of the same name in `retention`. */
  readonly require?: Partial<Record<PeriodConfig, number>>;
}

/** The calendar periods of which restic keeps one snapshot each. */
type PeriodConfig = "hourly" | "daily" | "weekly" | "monthly" | "yearly";

/** The options `--keep-*` of `restic forget`. */
export interface RetentionConfig extends Partial<
  Record<"last" | PeriodConfig, number | "unlimited">
> {
  /** `--keep-within`: restic's durations, like `1y5m7d2h`. */
  readonly within?: string;
  readonly withinHourly?: string;
  readonly withinDaily?: string;
  readonly withinWeekly?: string;
  readonly withinMonthly?: string;
  readonly withinYearly?: string;
  /** `--keep-tag`: a snapshot that has all tags of a list, like `a,b`, is kept. */
  readonly tags?: readonly string[];
  /** Default `[host, paths]`. */
  readonly groupBy?: readonly ("host" | "paths" | "tags")[];
}

/** Backup sets that are not expected any more, unless they have a snapshot after `since`. */
export interface RetiredConfig {
  readonly hosts: readonly string[];
  readonly users?: readonly string[];
  readonly repositories?: readonly string[];
  readonly since: string;
}

/** Hosts that become one host of another name. */
export interface RenameConfig {
  readonly hosts: readonly string[];
  readonly as: string;
}

/** Options of `ResticInstrumentation`. Durations are text with a unit: `30s`, `5m`, `1h30m`, `14d`. */
export interface ResticInstrumentationConfig extends Extensions {
  /** Set by `getConfig`; the constructor ignores it. Use `enable` and `disable`. */
  readonly enabled?: boolean;
  readonly repositories: readonly RepositoryConfig[];
  /** When to collect, besides at once. Default `@every 15m`. */
  readonly cron?: string;
  /** IANA name. Default: the time zone of the process. */
  readonly timezone?: string;
  /** Time limit for one repository in one collection. Default `5m`. */
  readonly timeout?: string;
  /** Maximum wait for the first byte of a response of a storage server. Default `60s`. */
  readonly requestTimeout?: string;
  /** Bound of a snapshot file and of its JSON, from `64KiB` to `128MiB`. Default `8MiB`. */
  readonly maxSnapshotSize?: string;
  /** A snapshot that appears later than this after its time is backdated. Default `24h`. */
  readonly maxBackupDuration?: string;
  /** Compare the index of each repository with its packs this often. Default: never. */
  readonly inventory?: InventoryConfig;
  /** Look at the locks of each repository this often, in a collection. Default: never. */
  readonly locks?: { readonly every: string };
  /** Maximum repositories that are collected in parallel. Default 8. */
  readonly concurrency?: number;
  /** Retry repositories with transient errors between collections. Default true. */
  readonly retryFailed?: boolean;
  /** How long an opened key is used before it is verified again. Default `1h`. */
  readonly reverify?: string;
  /** Stagger scheduled collections over 80 % of the interval. Default false. */
  readonly spread?: boolean;
  /** Folder (mode 0700) that keeps snapshots over a restart. Default: nothing is kept. */
  readonly stateDir?: string;
  /** Keep config and one key file of each repository in `stateDir`, so that a restart while it is away keeps its sets. Default true. */
  readonly stateKeys?: boolean;
  /** HashiCorp Vault, with the keys of the agent's settings file. Variables such as VAULT_ADDR and VAULT_TOKEN take precedence. */
  readonly vault?: Readonly<Record<string, unknown>>;
  readonly expect?: readonly ExpectationConfig[];
  readonly retired?: readonly RetiredConfig[];
  readonly rename?: readonly RenameConfig[];
  /** Further series for each group of snapshots of a backup set. Default: none. */
  readonly groupBy?: readonly ("tags" | "paths")[];
  /** Backup sets of one repository that have series. Default 10,000. */
  readonly maxSets?: number;
  /** Series of one metric of expectations; those of names are never left out. Default 20,000. */
  readonly maxSlots?: number;
  /** Default: `diag` of `@opentelemetry/api`. The metrics show failures as well. */
  readonly logger?: Logger;
  /** Called after each collection. */
  readonly onCollection?: CollectionHook;
}

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
  readonly disabled?: boolean;
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
  /** HashiCorp Vault, with the keys of the agent's settings file. Variables such as VAULT_ADDR and VAULT_TOKEN take precedence. */
  readonly vault?: Readonly<Record<string, unknown>>;
  /** Default: `diag` of `@opentelemetry/api`. The metrics show failures as well. */
  readonly logger?: Logger;
  /** Called after each collection. */
  readonly onCollection?: CollectionHook;
}

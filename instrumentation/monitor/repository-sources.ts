import { longSleep } from "../core/clock.ts";
import type { Clock } from "../core/clock.ts";
import { formatDuration } from "../core/duration.ts";
import { AgentError, toAgentError } from "../core/error.ts";
import { limit } from "../core/limit.ts";
import type { KnownSecrets } from "../core/known-secrets.ts";
import type { Logger } from "../core/log.ts";
import { sameSettings, Secret } from "../core/secret.ts";
import type { SecretHandle, SecretReference, SecretResolver } from "../core/secret.ts";
import type { OpenBackend } from "../backends/context.ts";
import type { StateDir } from "../restic/state-dir/state-dir.ts";
import { waitFor } from "../core/abort.ts";
import { withTimeLimit } from "../core/time-limit.ts";
import { DEFAULT_DATING } from "../restic/backdated.ts";
import type { SettingsRules } from "../restic/backup-sets.ts";
import { ResticSource } from "../restic/source.ts";
import type { BackupSet, RepositoryContent } from "../restic/state.ts";
import { secretHandle } from "../secrets/handle.ts";
import type { RepositorySettings } from "../settings/repository.ts";
import type { MonitorSettings } from "./monitor-settings.ts";
import { secretsIn } from "./secrets-in.ts";

export interface RepositorySourcesOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly resolvers: ReadonlyMap<string, SecretResolver>;
  readonly openBackend: OpenBackend;
  /** Learns the secrets of new settings. */
  readonly secrets: KnownSecrets;
  readonly processEnvironment: Readonly<Record<string, string | undefined>>;
  readonly stateDir?: StateDir | undefined;
  /** The rules of the backup sets of a repository. */
  readonly settingsRules?: (url: string) => SettingsRules;
  /** A problem of the backup sets of a repository; undefined: none. */
  readonly problemOf?: (sets: readonly BackupSet[]) => AgentError | undefined;
  readonly onKeyDerivation?: (() => void) | undefined;
}

/** The settings of all repositories that a source uses. */
type SharedSettings = Pick<
  MonitorSettings,
  "reverifyMs" | "requestTimeoutMs" | "maxSnapshotBytes" | "maxBackupMs" | "locksEvery"
>;

/** All settings that a source uses: without `inventory`. */
type UsedSettings = RepositorySettings & { readonly shared: SharedSettings };

interface OpenRepository {
  readonly settings: UsedSettings;
  readonly source: ResticSource;
  /** Handles of its secrets in Vault. */
  readonly vaultSecrets: readonly SecretHandle[];
}

/** Time limit of one repository, and how many are opened in parallel. */
export type ParallelLimits = Pick<MonitorSettings, "timeoutMs" | "concurrency">;

/** The attempt to open a repository. */
export interface Opening {
  /** The printable URL. */
  readonly url: string;
  /** Never rejects. */
  readonly outcome: Promise<RepositoryContent["config"] | AgentError>;
}

/** For `insecure_no_password`: restic derives the key from an empty password. */
const NO_PASSWORD: SecretReference = { scheme: "literal", reference: new Secret("") };

/** The sources of the configured repositories. A source, with its caches, is kept until the settings of its repository change. */
export class RepositorySources {
  readonly #options: RepositorySourcesOptions;
  #repositories: ReadonlyMap<string, OpenRepository> = new Map();

  constructor(options: RepositorySourcesOptions) {
    this.#options = options;
  }

  get urls(): readonly string[] {
    return [...this.#repositories.keys()];
  }

  sourceOf(url: string): ResticSource | undefined {
    return this.#repositories.get(url)?.source;
  }

  /** When the secrets of a repository were resolved, milliseconds since the epoch: the earliest time if it has several. */
  secretsResolvedAt(url: string): number | undefined {
    return this.#repositories.get(url)?.source.secretsResolvedAt;
  }

  /** Makes the next collection list the keys of each repository again. */
  doubtKeys(): void {
    for (const { source } of this.#repositories.values()) source.doubtKey();
  }

  /** Returns the sources. Each of them resolves its secrets and lists keys again in its next collection. */
  configure(all: MonitorSettings): readonly ResticSource[] {
    const { repositories, reverifyMs, requestTimeoutMs, maxSnapshotBytes, maxBackupMs } = all;
    const { locksEvery } = all;
    const shared = { reverifyMs, requestTimeoutMs, maxSnapshotBytes, maxBackupMs, locksEvery };
    this.#options.secrets.configure(secretsIn(all));
    const previous = this.#repositories;
    this.#repositories = new Map(
      repositories.map((own) => {
        const settings = { ...own, shared, inventory: undefined };
        const known = previous.get(settings.url);
        if (!known || !sameSettings(known.settings, settings))
          return [settings.url, this.#open(settings)];
        known.source.refreshSecrets();
        known.source.doubtKey();
        return [settings.url, known];
      }),
    );
    return [...this.#repositories.values()].map(({ source }) => source);
  }

  /** Opens each repository and reads no snapshot, in the order of the settings. */
  open({ timeoutMs, concurrency }: ParallelLimits): readonly Opening[] {
    const { clock } = this.#options;
    const limited = limit(concurrency);
    const late = new AgentError("timeout", `no answer within ${formatDuration(timeoutMs)}`);
    const never = new AbortController().signal;
    return [...this.#repositories].map(([url, { source }]) => ({
      url,
      outcome: limited(
        () =>
          withTimeLimit(timeoutMs, late, clock, (signal) => waitFor(source.open(signal), signal)),
        never,
      ).catch(toAgentError),
    }));
  }

  /** Resolves all secrets in Vault again, every `intervalMs`, until the signal is aborted. Never rejects. */
  async refreshSecrets(intervalMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    try {
      while (!signal.aborted) {
        await longSleep(intervalMs, clock, signal);
        const startedAt = clock.now();
        const handles = [...this.#repositories.values()].flatMap(
          ({ vaultSecrets }) => vaultSecrets,
        );
        // A secret that was never resolved is left to the next collection.
        const resolved = handles.filter(({ resolvedAt }) => resolvedAt !== undefined);
        await Promise.allSettled(resolved.map((handle) => handle.refresh(signal, startedAt)));
      }
    } catch {
      // The signal was aborted.
    }
  }

  #open(settings: UsedSettings): OpenRepository {
    const { url, shared, locksEvery = shared.locksEvery } = settings;
    const vaultSecrets: SecretHandle[] = [];
    const handleOf = (reference: SecretReference): SecretHandle => {
      const handle = this.#handle(reference, url);
      if (reference.scheme === "vault") vaultSecrets.push(handle);
      return handle;
    };
    const source = new ResticSource({
      ...this.#options,
      ...shared,
      ...settings,
      password: handleOf(settings.password ?? NO_PASSWORD),
      environment: Object.fromEntries(
        Object.entries(settings.environment).map(([name, reference]) => [
          name,
          handleOf(reference),
        ]),
      ),
      requestTimeoutMs: settings.requestTimeoutMs ?? shared.requestTimeoutMs,
      cache: this.#options.stateDir?.cacheOf(url),
      dating: {
        maxBackupMs: shared.maxBackupMs ?? DEFAULT_DATING.maxBackupMs,
        receivesCopies: settings.receivesCopies === true,
      },
      locksEveryMs: locksEvery === "off" ? undefined : locksEvery,
    });
    return { settings, source, vaultSecrets };
  }

  /** Logs when a refresh starts to fail, and when one succeeds again. */
  #handle(reference: SecretReference, url: string): SecretHandle {
    const { resolvers, clock, logger } = this.#options;
    return secretHandle(reference, resolvers, clock, (error) => {
      if (!error) logger.info("a secret can be resolved again", { url });
      else
        logger.warn("a secret can no longer be resolved; using its last value", {
          url,
          error: error.message,
        });
    });
  }
}

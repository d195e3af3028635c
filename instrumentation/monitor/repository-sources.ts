import { isDeepStrictEqual } from "node:util";

import { longSleep } from "../core/clock.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import { Secret } from "../core/secret.ts";
import type { SecretHandle, SecretReference, SecretResolver } from "../core/secret.ts";
import type { OpenBackend } from "../backends/context.ts";
import type { StateDir } from "../restic/state-dir/state-dir.ts";
import { ResticSource } from "../restic/source.ts";
import { sameReference } from "../secrets/reference.ts";
import { secretHandle } from "../secrets/handle.ts";
import type { RepositorySettings } from "../settings/repository.ts";
import type { MonitorSettings } from "./monitor-settings.ts";

export interface RepositorySourcesOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly resolvers: ReadonlyMap<string, SecretResolver>;
  readonly openBackend: OpenBackend;
  readonly processEnvironment: Readonly<Record<string, string | undefined>>;
  readonly stateDir?: StateDir | undefined;
}

interface Known {
  readonly settings: RepositorySettings;
  readonly reverifyMs: number;
  readonly source: ResticSource;
  /** Its secrets that lie in Vault. */
  readonly inVault: readonly SecretHandle[];
}

/** `insecure_no_password`: scrypt runs on zero bytes. */
const NO_PASSWORD: SecretReference = { scheme: "literal", reference: new Secret("") };

/** The repositories of the settings, as sources that keep what they know as long as their settings stay the same. */
export class RepositorySources {
  readonly #options: RepositorySourcesOptions;
  #known: ReadonlyMap<string, Known> = new Map();
  #refreshes = 0;

  constructor(options: RepositorySourcesOptions) {
    this.#options = options;
  }

  /** By their `url`. */
  get urls(): readonly string[] {
    return [...this.#known.keys()];
  }

  /** How often secrets were resolved anew beside collections. */
  get refreshes(): number {
    return this.#refreshes;
  }

  /** When the secrets of a repository were resolved, milliseconds since the epoch; of several the one that was resolved longest ago. */
  secretsResolvedAt(url: string): number | undefined {
    return this.#known.get(url)?.source.secretsResolvedAt;
  }

  /** Secrets are resolved anew for all with their next collection. */
  configure({ repositories, reverifyMs }: MonitorSettings): readonly ResticSource[] {
    const before = this.#known;
    this.#known = new Map(
      repositories.map((settings) => {
        const known = before.get(settings.url);
        if (known?.reverifyMs !== reverifyMs || !sameSettings(known.settings, settings))
          return [settings.url, this.#open(settings, reverifyMs)];
        known.source.refreshSecrets();
        return [settings.url, known];
      }),
    );
    return [...this.#known.values()].map(({ source }) => source);
  }

  /** Resolves what lies in Vault anew at each interval, until it is aborted. Never rejects. */
  async keepFresh(everyMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    try {
      while (!signal.aborted) {
        await longSleep(everyMs, clock, signal);
        const since = clock.now();
        const handles = [...this.#known.values()].flatMap(({ inVault }) => inVault);
        // One that nobody could resolve yet is the business of the next collection.
        const resolved = handles.filter(({ resolvedAt }) => resolvedAt !== undefined);
        await Promise.allSettled(resolved.map((handle) => handle.refresh(signal, since)));
        this.#refreshes += 1;
      }
    } catch {
      // It was aborted.
    }
  }

  #open(settings: RepositorySettings, reverifyMs: number): Known {
    const { url } = settings;
    const { clock, logger, openBackend, processEnvironment } = this.#options;
    const inVault: SecretHandle[] = [];
    const handleOf = (reference: SecretReference): SecretHandle => {
      const handle = this.#handle(reference, url);
      if (reference.scheme === "vault") inVault.push(handle);
      return handle;
    };
    const source = new ResticSource({
      url,
      repo: settings.repo,
      password: handleOf(settings.password ?? NO_PASSWORD),
      environment: Object.fromEntries(
        Object.entries(settings.environment).map(([name, reference]) => [
          name,
          handleOf(reference),
        ]),
      ),
      options: settings.options,
      connections: settings.connections,
      insecureTls: settings.insecureTls,
      reverifyMs,
      openBackend,
      processEnvironment,
      cache: this.#options.stateDir?.cacheOf(url),
      clock,
      logger,
    });
    return { settings, reverifyMs, source, inVault };
  }

  /** One line when the last good value stays, one when it is fresh again. */
  #handle(reference: SecretReference, url: string): SecretHandle {
    const { resolvers, clock, logger } = this.#options;
    return secretHandle(reference, resolvers, clock, (error) => {
      if (!error) logger.info("a secret can be resolved again", { url });
      else
        logger.warn("a secret cannot be resolved any more, its last good value stays", {
          url,
          error: error.message,
        });
    });
  }
}

/** True if nothing that is read by changed; a secret may be another one behind the same reference. */
function sameSettings(a: RepositorySettings, b: RepositorySettings): boolean {
  const names = new Set([...Object.keys(a.environment), ...Object.keys(b.environment)]);
  return (
    a.repo.equals(b.repo) &&
    sameReference(a.password, b.password) &&
    isDeepStrictEqual(a.options, b.options) &&
    a.connections === b.connections &&
    a.insecureTls === b.insecureTls &&
    [...names].every((name) => sameReference(a.environment[name], b.environment[name]))
  );
}

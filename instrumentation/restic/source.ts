import type { Clock } from "../core/clock.ts";
import { AgentError, toAgentError } from "../core/error.ts";
import type { Logger } from "../core/log.ts";
import type { Secret, SecretHandle } from "../core/secret.ts";
import type { Labels, Reading, Source } from "../core/source.ts";
import type { Backend } from "../backends/backend.ts";
import type { OpenBackend } from "../backends/context.ts";
import { backupSets } from "./backup-sets.ts";
import type { SnapshotCache } from "./repository/snapshot-cache.ts";
import { Repository } from "./repository/repository.ts";
import type { Catalogue } from "./repository/repository.ts";
import type { RepositoryContent, RepositoryCost, RepositoryState } from "./state.ts";

export interface ResticSourceOptions {
  /** The repository string without credentials: the label `url`. */
  readonly url: string;
  /** The repository string as configured. */
  readonly repo: Secret;
  readonly password: SecretHandle;
  /** Variables for this repository alone. */
  readonly environment: Readonly<Record<string, SecretHandle>>;
  /** restic's `-o` options, checked. */
  readonly options?: Readonly<Record<string, string>>;
  readonly connections?: number | undefined;
  readonly insecureTls?: boolean;
  /** How long a key that opened is trusted before `keys/` is listed again, milliseconds. */
  readonly reverifyMs: number;
  readonly openBackend: OpenBackend;
  readonly processEnvironment: Readonly<Record<string, string | undefined>>;
  /** What was read before a restart. */
  readonly cache?: SnapshotCache | undefined;
  /** Called when a key derivation begins. */
  readonly onKeyDerivation?: (() => void) | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a repository is opened with. */
interface Credentials {
  readonly password: Secret;
  readonly environment: Readonly<Record<string, Secret>>;
}

/** One restic repository as a source: opens, lists, reads what is new, and groups it. */
export class ResticSource implements Source<RepositoryState> {
  readonly subject: Labels;
  readonly #options: ResticSourceOptions;
  readonly #repository: Repository;
  readonly #cost: RepositoryCost = {
    list: { requests: 0, receivedBytes: 0 },
    load: { requests: 0, receivedBytes: 0 },
    keyDerivations: 0,
  };
  #open:
    | { readonly backend: Backend; readonly environment: Credentials["environment"] }
    | undefined;
  /** The next collection resolves the secrets anew, no older than this; milliseconds since the epoch. */
  #refreshSince: number | undefined;
  /** Unreadable files that the log has named. */
  #named: ReadonlySet<string> = new Set();

  constructor(options: ResticSourceOptions) {
    this.subject = Object.freeze({ url: options.url });
    this.#options = options;
    const { clock, reverifyMs, cache, onKeyDerivation } = options;
    this.#repository = new Repository({
      clock,
      reverifyMs,
      cache,
      onDerivation: () => {
        this.#cost.keyDerivations += 1;
        onKeyDerivation?.();
      },
    });
  }

  /** The next collection resolves the secrets anew; those that were fetched from now on for somebody else will do. */
  refreshSecrets(): void {
    this.#refreshSince = this.#options.clock.now();
  }

  /** When the secrets in use were resolved, milliseconds since the epoch; of several the oldest. Undefined until all were. */
  get secretsResolvedAt(): number | undefined {
    const times = this.#handles().map(({ resolvedAt }) => resolvedAt ?? Number.NaN);
    const oldest = Math.min(...times);
    return Number.isNaN(oldest) ? undefined : oldest;
  }

  async collect(
    previous: RepositoryState | undefined,
    signal: AbortSignal,
  ): Promise<Reading<RepositoryState>> {
    const before = this.#requests();
    const costs = (): Pick<RepositoryState, "cost" | "lastRequests"> => ({
      cost: structuredClone(this.#cost),
      lastRequests: this.#requests() - before,
    });
    try {
      const catalogue = await this.#read(previous?.content, signal);
      const state = { content: this.#content(catalogue, previous?.content), ...costs() };
      return { state, complete: true, error: this.#report(catalogue) };
    } catch (error) {
      return {
        state: { content: previous?.content, ...costs() },
        complete: false,
        error: toAgentError(error),
      };
    }
  }

  #requests(): number {
    return this.#cost.list.requests + this.#cost.load.requests;
  }

  /** A secret that was rotated is asked for again, once, before the repository is said to refuse it. */
  async #read(previous: RepositoryContent | undefined, signal: AbortSignal): Promise<Catalogue> {
    const since = this.#refreshSince;
    if (since !== undefined) await this.#refresh(signal, since);
    if (this.#refreshSince === since) this.#refreshSince = undefined;
    const credentials = await this.#credentials(signal);
    try {
      return await this.#readOnce(credentials, previous, signal);
    } catch (error) {
      const refused =
        error instanceof AgentError && (error.code === "wrong_password" || error.code === "denied");
      if (!refused) throw error;
      await this.#refresh(signal, this.#options.clock.now());
      const fresh = await this.#credentials(signal);
      if (sameCredentials(credentials, fresh)) throw error;
      return await this.#readOnce(fresh, previous, signal);
    } finally {
      await this.#close();
    }
  }

  /** A child process ends with the collection. If it does not, that says nothing of the repository. */
  async #close(): Promise<void> {
    try {
      await this.#open?.backend.close?.();
    } catch {
      // The next collection shows whether it can be reached.
    }
  }

  async #readOnce(
    { password, environment }: Credentials,
    previous: RepositoryContent | undefined,
    signal: AbortSignal,
  ): Promise<Catalogue> {
    const hint = environment["RESTIC_KEY_HINT"]?.revealText();
    const access = {
      backend: await this.#backend(environment),
      password,
      keyHint: hint ?? this.#options.processEnvironment["RESTIC_KEY_HINT"],
      publishedId: previous && previous.snapshots > 0 ? previous.config.id : undefined,
    };
    return this.#repository.read(access, signal);
  }

  /** The one that is open, or another one if what it was opened with has changed. */
  async #backend(environment: Credentials["environment"]): Promise<Backend> {
    const { repo, openBackend, ...shared } = this.#options;
    const { options, connections, insecureTls = false, processEnvironment, clock } = shared;
    if (this.#open && !sameEnvironment(this.#open.environment, environment)) {
      await this.#close();
      this.#open = undefined;
    }
    this.#open ??= {
      environment,
      backend: await openBackend(repo.revealText(), {
        environment,
        options,
        connections,
        insecureTls,
        processEnvironment,
        clock,
        cost: this.#cost,
      }),
    };
    return this.#open.backend;
  }

  #handles(): readonly SecretHandle[] {
    const { password, environment } = this.#options;
    return [password, ...Object.values(environment)];
  }

  async #credentials(signal: AbortSignal): Promise<Credentials> {
    const { password, environment } = this.#options;
    const variables = Object.entries(environment).map(
      async ([name, handle]) => [name, await handle.current(signal)] as const,
    );
    const [secret, ...pairs] = await Promise.all([password.current(signal), ...variables]);
    return { password: secret, environment: Object.fromEntries(pairs) };
  }

  async #refresh(signal: AbortSignal, notBefore: number): Promise<void> {
    await Promise.all(this.#handles().map((handle) => handle.refresh(signal, notBefore)));
  }

  #content(
    { config, snapshots, unreadable }: Catalogue,
    previous: RepositoryContent | undefined,
  ): RepositoryContent {
    return {
      config,
      sets: backupSets(this.#options.url, snapshots.values(), previous?.sets),
      snapshots: snapshots.size + unreadable.size,
      unreadable: unreadable.size,
    };
  }

  /** Names each unreadable file once in the log; all together are the error of the repository. */
  #report({ unreadable }: Catalogue): AgentError | undefined {
    for (const [id, reason] of unreadable) {
      if (!this.#named.has(id))
        this.#options.logger.warn(`snapshot file ${id} ${reason}`, this.subject);
    }
    this.#named = new Set(unreadable.keys());
    if (unreadable.size === 0) return undefined;
    const some = [...unreadable].slice(0, 3).map(([id, reason]) => `${id.slice(0, 8)} ${reason}`);
    const more = unreadable.size > some.length ? `, and ${unreadable.size - some.length} more` : "";
    return new AgentError(
      "corrupt",
      `${unreadable.size} unreadable snapshot file${unreadable.size > 1 ? "s" : ""}: ${some.join(", ")}${more}`,
    );
  }
}

function sameCredentials(a: Credentials, b: Credentials): boolean {
  return a.password.equals(b.password) && sameEnvironment(a.environment, b.environment);
}

/** They have the same names. */
function sameEnvironment(a: Credentials["environment"], b: Credentials["environment"]): boolean {
  return Object.entries(a).every(([name, secret]) => b[name]?.equals(secret));
}

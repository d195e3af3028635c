import type { Clock } from "../core/clock.ts";
import { AgentError, toAgentError } from "../core/error.ts";
import type { Logger } from "../core/log.ts";
import type { Secret, SecretHandle } from "../core/secret.ts";
import type { Labels, Reading, Source } from "../core/source.ts";
import type { Backend } from "./backend/backend.ts";
import type { OpenBackend } from "./backend/open.ts";
import { Repository } from "./repository/repository.ts";
import type { Catalogue } from "./repository/repository.ts";
import { backupSets } from "./state.ts";
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
  readonly clock: Clock;
  readonly logger: Logger;
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
  #backend: Backend | undefined;
  #refreshDue = false;
  /** Unreadable files that the log has named. */
  #named: ReadonlySet<string> = new Set();

  constructor(options: ResticSourceOptions) {
    this.subject = Object.freeze({ url: options.url });
    this.#options = options;
    const { clock, reverifyMs } = options;
    this.#repository = new Repository({
      clock,
      reverifyMs,
      onDerivation: () => (this.#cost.keyDerivations += 1),
    });
  }

  /** The next collection resolves the secrets anew. */
  refreshSecrets(): void {
    this.#refreshDue = true;
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
      const state = { content: this.#content(catalogue), ...costs() };
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
    if (this.#refreshDue) await this.#refresh(signal);
    this.#refreshDue = false;
    try {
      return await this.#readOnce(previous, signal);
    } catch (error) {
      const refused =
        error instanceof AgentError && (error.code === "wrong_password" || error.code === "denied");
      if (!refused || !(await this.#refresh(signal))) throw error;
      return await this.#readOnce(previous, signal);
    } finally {
      await this.#close();
    }
  }

  /** A child process ends with the collection. If it does not, that says nothing of the repository. */
  async #close(): Promise<void> {
    try {
      await this.#backend?.close?.();
    } catch {
      // The next collection shows whether it can be reached.
    }
  }

  async #readOnce(
    previous: RepositoryContent | undefined,
    signal: AbortSignal,
  ): Promise<Catalogue> {
    const { password, environment, processEnvironment } = this.#options;
    this.#backend ??= await this.#open(signal);
    const hint = await environment["RESTIC_KEY_HINT"]?.current(signal);
    const access = {
      backend: this.#backend,
      password: await password.current(signal),
      keyHint: hint?.revealText() ?? processEnvironment["RESTIC_KEY_HINT"],
      publishedId: previous && previous.snapshots > 0 ? previous.config.id : undefined,
    };
    return this.#repository.read(access, signal);
  }

  async #open(signal: AbortSignal): Promise<Backend> {
    const { repo, environment, openBackend, ...shared } = this.#options;
    const { options, connections, insecureTls = false, processEnvironment, clock } = shared;
    const resolved: Record<string, Secret> = {};
    for (const [name, handle] of Object.entries(environment))
      resolved[name] = await handle.current(signal);
    return openBackend(repo.revealText(), {
      environment: resolved,
      options,
      connections,
      insecureTls,
      processEnvironment,
      clock,
      cost: this.#cost,
    });
  }

  /** True if one of the secrets is another one now. */
  async #refresh(signal: AbortSignal): Promise<boolean> {
    const { password, environment } = this.#options;
    const changed = await isChanged(password, signal);
    let environmentChanged = false;
    for (const handle of Object.values(environment))
      environmentChanged = (await isChanged(handle, signal)) || environmentChanged;
    if (environmentChanged) {
      await this.#close();
      this.#backend = undefined;
    }
    return changed || environmentChanged;
  }

  #content({ config, snapshots, unreadable }: Catalogue): RepositoryContent {
    return {
      config,
      sets: backupSets(this.subject["url"] ?? "", snapshots),
      snapshots: snapshots.length + unreadable.size,
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

async function isChanged(handle: SecretHandle, signal: AbortSignal): Promise<boolean> {
  const before = handle.resolvedAt === undefined ? undefined : await handle.current(signal);
  const after = await handle.refresh(signal);
  return before === undefined || !before.equals(after);
}

import { AgentError, toAgentError } from "../core/error.ts";
import type { Debug } from "../core/log.ts";
import type { SecretHandle } from "../core/secret.ts";
import type { Labels, Reading, Source } from "../core/source.ts";
import type { Backend } from "../backends/backend.ts";
import { DEFAULT_DATING } from "./backdated.ts";
import { regrouped } from "./backup-sets.ts";
import type { SetRules, SettingsRules } from "./backup-sets.ts";
import { noCost, sumOfCosts } from "./costs.ts";
import { areSameRules, contentOf, membersOf } from "./content.ts";
import { countingFiles } from "./file-counts.ts";
import type { FileCounts } from "./file-counts.ts";
import type { LockState } from "./locks/lock-state.ts";
import { closed, openedBackend } from "./opened-backend.ts";
import { ReadingLog } from "./reading-log.ts";
import { resolveSecrets, sameEnvironment, sameSecrets } from "./resolved-secrets.ts";
import type { ResolvedSecrets } from "./resolved-secrets.ts";
import type { OpenView } from "./repository/open-view.ts";
import { Repository } from "./repository/repository.ts";
import type { Catalogue } from "./repository/repository.ts";
import type { ConfigFile } from "./repository/config-file.ts";
import type { Access } from "./repository/session.ts";
import type { ResticSourceOptions } from "./source-options.ts";
import type { RepositoryContent, RepositoryCost, RepositoryState } from "./state.ts";

const OWN_NAMES: SettingsRules = { nameOf: (hostname) => hostname, allowsTime: undefined };

/** One restic repository as a source: opens it, lists and reads its snapshots, and groups them into backup sets. */
export class ResticSource implements Source<RepositoryState> {
  readonly subject: Labels;
  readonly #options: ResticSourceOptions;
  readonly #repository: Repository;
  readonly #log: ReadingLog;
  readonly #debug: Debug;
  readonly #cost: RepositoryCost = { ...noCost(), keyDerivations: 0 };
  /** Of reads beside collections. */
  readonly #inspectionCost = noCost();
  #open:
    | { readonly backend: Backend; readonly environment: ResolvedSecrets["environment"] }
    | undefined;
  #hasRecalled = false;
  /** The next collection needs secrets that were resolved at or after this time, milliseconds since the epoch. */
  #refreshSince: number | undefined;

  constructor(options: ResticSourceOptions) {
    this.subject = Object.freeze({ url: options.url });
    this.#options = options;
    const { clock, reverifyMs, cache, maxSnapshotBytes, onKeyDerivation } = options;
    this.#log = new ReadingLog(options.logger, this.subject);
    this.#debug = (message, fields) =>
      options.logger.debug(message, { ...this.subject, ...fields });
    this.#repository = new Repository({
      debug: this.#debug,
      clock,
      reverifyMs,
      cache,
      maxSnapshotBytes,
      judge: async (known, change) => {
        const { appendOnly = false, logger } = options;
        const { judgeChanges } = await import("./changes/judge-changes.ts");
        return judgeChanges(known, change, { appendOnly, logger, subject: this.subject });
      },
      onDerivation: () => {
        this.#cost.keyDerivations += 1;
        onKeyDerivation?.();
      },
    });
  }

  /** Makes the next collection resolve the secrets again, unless another repository resolved them after this call. */
  refreshSecrets(): void {
    this.#refreshSince = this.#options.clock.now();
  }

  /** Makes the next collection list keys again, so that a changed password shows. */
  doubtKey(): void {
    this.#repository.doubtKey();
  }

  /** When the oldest of the secrets was resolved, milliseconds since the epoch; undefined: not all are resolved yet. */
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
    let { locks } = { ...previous };
    const others = (): Omit<RepositoryState, "content"> => ({
      cost: sumOfCosts(this.#cost, this.#inspectionCost),
      lastRequests: this.#requests() - before,
      locks: this.#options.locksEveryMs === undefined ? undefined : locks,
    });
    const recalled = previous?.content ? undefined : await this.#recall(signal);
    if (recalled) locks = await this.#lookAtLocks(undefined, locks, signal);
    const [{ url, problemOf }, rules] = [this.#options, this.#rules()];
    const content =
      previous?.content ?? (recalled && (await contentOf(url, recalled, undefined, this.#rules)));
    try {
      const read = async (access: Access): Promise<Catalogue> => {
        const catalogue = await this.#repository.read(access, signal);
        locks = await this.#lookAtLocks(access.backend, locks, signal);
        return catalogue;
      };
      const catalogue = await this.#use(read, content, signal);
      const made = await contentOf(url, catalogue, content, this.#rules);
      const state = { content: made, ...others() };
      const error = this.#log.record(catalogue, content) ?? problemOf?.(state.content.sets);
      return { state, complete: true, completeAt: catalogue.completeAt, error };
    } catch (error) {
      const completeAt = recalled?.completeAt;
      const now = this.#rules();
      const kept = content && !areSameRules(now, rules) ? regrouped(url, content, now) : content;
      const state = { content: kept, ...others() };
      return { state, complete: false, completeAt, error: toAgentError(error) };
    }
  }

  /** Does nothing if that is not due. Never rejects: the backup sets are known already. @param backend as in `watchLocks` */
  async #lookAtLocks(
    backend: Backend | undefined,
    previous: LockState | undefined,
    signal: AbortSignal,
  ): Promise<LockState | undefined> {
    const { locksEveryMs: everyMs, clock, logger, cache } = this.#options;
    const { session } = this.#repository;
    if (everyMs === undefined || !session) return undefined;
    const { watchLocks } = await import("./locks/watch.ts");
    const shared = { backend, session, clock, logger, subject: this.subject };
    return watchLocks(previous, { ...shared, everyMs, keeper: cache?.locks }, signal);
  }

  /** The state from before a restart; it is asked for once. */
  async #recall(signal: AbortSignal): Promise<Catalogue | undefined> {
    if (this.#hasRecalled || !this.#options.cache) return undefined;
    // If it cannot be resolved, the collection fails for the same reason.
    const secrets = await resolveSecrets(this.#options, signal).catch(() => undefined);
    this.#hasRecalled = secrets !== undefined;
    return secrets && this.#repository.recall(secrets.password, signal);
  }

  /**
   * Calls `run` with a backend of its own, beside collections, which are not delayed.
   * @returns undefined if no collection has opened the repository yet
   * @throws AgentError
   */
  async inspect<T>(
    run: (view: OpenView) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    const { session } = this.#repository;
    if (!session) return undefined;
    const { environment } = await resolveSecrets(this.#options, signal);
    const backend = await openedBackend(
      this.#options,
      environment,
      this.#inspectionCost,
      this.#debug,
    );
    try {
      return await run({ backend, master: session.master, config: session.config });
    } finally {
      await closed(backend);
    }
  }

  /** Opens config and a key with the secrets of the settings; reads no snapshot. @throws AgentError */
  open(signal: AbortSignal): Promise<ConfigFile> {
    return this.#use((access) => this.#repository.open(access, signal), undefined, signal);
  }

  #requests(): number {
    return this.#cost.list.requests + this.#cost.load.requests;
  }

  /** If the repository rejects a secret, resolves it again and retries once: it may have been rotated. */
  async #use<T>(
    call: (access: Access) => Promise<T>,
    previous: RepositoryContent | undefined,
    signal: AbortSignal,
  ): Promise<T> {
    const since = this.#refreshSince;
    if (since !== undefined) await this.#refresh(signal, since);
    if (this.#refreshSince === since) this.#refreshSince = undefined;
    const credentials = await resolveSecrets(this.#options, signal);
    const files: FileCounts = { config: 0, keys: 0, snapshots: 0 };
    try {
      return await call(await this.#access(credentials, previous, files));
    } catch (error) {
      const refused =
        error instanceof AgentError && (error.code === "wrong_password" || error.code === "denied");
      if (!refused) throw error;
      await this.#refresh(signal, this.#options.clock.now());
      const fresh = await resolveSecrets(this.#options, signal);
      if (sameSecrets(credentials, fresh)) throw error;
      return await call(await this.#access(fresh, previous, files));
    } finally {
      this.#debug("files read", files);
      await closed(this.#open?.backend);
    }
  }

  async #access(
    { password, environment }: ResolvedSecrets,
    previous: RepositoryContent | undefined,
    files: FileCounts,
  ): Promise<Access> {
    const hint = environment["RESTIC_KEY_HINT"]?.revealText();
    return {
      backend: countingFiles(await this.#backend(environment), files),
      password,
      keyHint: hint ?? this.#options.processEnvironment["RESTIC_KEY_HINT"],
      publishedId: previous && previous.snapshots > 0 ? previous.config.id : undefined,
      published: membersOf(previous),
      history: previous?.changes,
    };
  }

  /** The open backend, or a new one if its environment has changed. */
  async #backend(environment: ResolvedSecrets["environment"]): Promise<Backend> {
    if (this.#open && !sameEnvironment(this.#open.environment, environment)) {
      await closed(this.#open.backend);
      this.#open = undefined;
    }
    this.#open ??= {
      environment,
      backend: await openedBackend(this.#options, environment, this.#cost, this.#debug),
    };
    return this.#open.backend;
  }

  #handles(): readonly SecretHandle[] {
    const { password, environment } = this.#options;
    return [password, ...Object.values(environment)];
  }

  async #refresh(signal: AbortSignal, notBefore: number): Promise<void> {
    await Promise.all(this.#handles().map((handle) => handle.refresh(signal, notBefore)));
  }

  readonly #rules = (): SetRules & SettingsRules => {
    const { url, settingsRules, dating = DEFAULT_DATING, clock } = this.#options;
    const { nameOf, allowsTime } = settingsRules?.(url) ?? OWN_NAMES;
    return { nameOf, allowsTime, dating: { ...dating, allowsTime }, now: clock.now() };
  };
}

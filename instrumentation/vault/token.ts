import type { Clock } from "../core/clock.ts";
import { AgentError, toAgentError } from "../core/error.ts";
import type { Logger } from "../core/log.ts";
import type { Secret } from "../core/secret.ts";
import type { VaultClient } from "./client.ts";
import type { Grant, Login } from "./login.ts";
import { Refusal } from "./refusal.ts";
import { keepToken } from "./renewal.ts";
import type { ActiveToken } from "./renewal.ts";
import { SingleFlight } from "./single-flight.ts";
import type { VaultState } from "./state.ts";
import { withTimeLimit } from "../core/time-limit.ts";

export interface TokenOptions {
  readonly client: VaultClient;
  readonly login: Login;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly state: VaultState;
}

/** After a login that was refused no other one is tried for a while: Vault locks out who fails too often. */
const REFUSED_MS = 10_000;
/** A token that is as young as this has the rights that its role gives now. */
const YOUNG_MS = 60_000;
const REVOKE_MS = 2000;

/** Keeps a token that is good: logs in on first use, one login at a time, renews, and logs in again. */
export class VaultToken {
  readonly #options: TokenOptions;
  readonly #logins = new SingleFlight<ActiveToken>();
  readonly #stop = new AbortController();
  /** Ends the keeping of the token in use. */
  #keeping = new AbortController();
  #held: ActiveToken | undefined;
  #refused: { readonly error: AgentError; readonly untilMs: number } | undefined;
  /** Paths that a new token was denied too, and when. */
  readonly #denied = new Map<string, number>();
  #isFailing = false;

  constructor(options: TokenOptions) {
    this.#options = options;
  }

  /**
   * Runs a request with the token. Denied, it is run once more if there is another token to be had.
   * @param path what it asks for: one that stays denied is no reason for ever more logins
   */
  async use<T>(
    path: string,
    run: (token: Secret | undefined) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const held = await this.#current(signal);
    try {
      return await run(held.token);
    } catch (error) {
      if (!isDenial(error) || !(await this.#isReplaced(held, path, signal))) throw error;
    }
    try {
      return await run((await this.#current(signal)).token);
    } catch (error) {
      if (isDenial(error)) this.#denied.set(path, this.#options.clock.monotonicMs());
      throw error;
    }
  }

  /** Ends renewals, and revokes a token that nobody else needs. Never rejects. */
  async stop(): Promise<void> {
    this.#stop.abort(new AgentError("secret", "Vault is no longer used: the agent stops"));
    this.#keeping.abort();
    const held = this.#held;
    this.#held = undefined;
    if (held?.own && held.token) await this.#revoke(held.token);
  }

  async #revoke(token: Secret): Promise<void> {
    const { client, clock, logger } = this.#options;
    const late = new AgentError("timeout", "Vault takes too long");
    try {
      await withTimeLimit(REVOKE_MS, late, clock, (signal) =>
        client.write("auth/token/revoke-self", {}, { token, signal }),
      );
    } catch (error) {
      const { message } = toAgentError(error);
      logger.info("the Vault token could not be revoked, it expires by itself", { error: message });
    }
  }

  async #current(signal: AbortSignal): Promise<ActiveToken> {
    const given = await this.#options.login.givenToken();
    const held = this.#held;
    const now = this.#options.clock.monotonicMs();
    const isGood = given
      ? held?.token?.equals(given)
      : held && (held.expiresMs === undefined || held.expiresMs > now);
    return held && isGood === true ? held : this.#logIn(signal);
  }

  #logIn(signal: AbortSignal): Promise<ActiveToken> {
    return this.#logins.run(() => this.#logInOnce(), signal);
  }

  async #logInOnce(): Promise<ActiveToken> {
    const { login, clock, logger, state } = this.#options;
    if (this.#refused && clock.monotonicMs() < this.#refused.untilMs) throw this.#refused.error;
    try {
      const grant = await login.run(this.#stop.signal);
      this.#stop.signal.throwIfAborted();
      if (grant.own) state.logins += 1;
      this.#refused = undefined;
      logger.debug("has a Vault token", { ttl_seconds: grant.ttlSeconds });
      return this.#activate(grant);
    } catch (error) {
      const failure = toAgentError(error);
      // An answer it was, but one that is of no use.
      if (state.up !== undefined) state.up = false;
      // Given tokens cost Vault nothing, and another one is to be taken at once.
      if (login.isRepeatable && !failure.transient)
        this.#refused = { error: failure, untilMs: clock.monotonicMs() + REFUSED_MS };
      throw failure;
    }
  }

  #activate({ token, ttlSeconds, renewable, own }: Grant): ActiveToken {
    const { clock, state } = this.#options;
    const held: ActiveToken = {
      token,
      own,
      obtainedMs: clock.monotonicMs(),
      firstTtlMs: (ttlSeconds ?? 0) * 1000,
      renewable,
      expiresMs: undefined,
    };
    this.#held = held;
    state.tokenExpiresAt = undefined;
    if (ttlSeconds !== undefined) this.#lasts(held, ttlSeconds * 1000);
    this.#report();
    this.#keeping.abort();
    this.#keeping = new AbortController();
    const keeper = {
      ...this.#options,
      lasts: (kept: ActiveToken, ttlMs: number) => this.#lasts(kept, ttlMs),
      logIn: () => this.#logIn(this.#stop.signal),
      report: (error?: unknown) => this.#report(error),
    };
    void keepToken(held, keeper, this.#keeping.signal);
    return held;
  }

  #lasts(held: ActiveToken, ttlMs: number): void {
    const { clock, state } = this.#options;
    held.expiresMs = clock.monotonicMs() + ttlMs;
    state.tokenExpiresAt = clock.now() + ttlMs;
  }

  /** One line when it fails, one when it works again. */
  #report(error?: unknown): void {
    const { logger } = this.#options;
    if (error !== undefined && !this.#isFailing) {
      const { message } = toAgentError(error);
      logger.warn("the Vault token could not be renewed", { error: message });
    }
    if (error === undefined && this.#isFailing) logger.info("the Vault token is good again");
    this.#isFailing = error !== undefined;
  }

  /** True if another token than the denied one is there now. */
  async #isReplaced(held: ActiveToken, path: string, signal: AbortSignal): Promise<boolean> {
    const { login, client, clock, state } = this.#options;
    if (!login.isRepeatable) {
      if ((await this.#current(signal)) !== held) return true;
      // One that is good for nothing shows; one that may not read this alone does not.
      if (held.token && !(await isAlive(client, held.token, signal))) state.up = false;
      return false;
    }
    const now = clock.monotonicMs();
    if (now - held.obtainedMs < YOUNG_MS) {
      const deniedAt = this.#denied.get(path) ?? -Infinity;
      if (now - deniedAt < YOUNG_MS) return false;
      if (await isAlive(client, held.token, signal)) return false;
    }
    // Somebody else may have done so in the meantime.
    if (this.#held === held) await this.#logIn(signal);
    return true;
  }
}

function isDenial(error: unknown): boolean {
  return error instanceof Refusal && error.status === 403;
}

/** False also for a token that may not look itself up. */
async function isAlive(
  client: VaultClient,
  token: Secret | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await client.read("auth/token/lookup-self", { token, signal });
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

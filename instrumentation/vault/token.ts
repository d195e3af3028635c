import type { Clock } from "../core/clock.ts";
import { AgentError, toAgentError } from "../core/error.ts";
import type { Logger } from "../core/log.ts";
import type { Secret } from "../core/secret.ts";
import type { VaultClient } from "./client.ts";
import type { Login, LoginResult } from "./login.ts";
import { Refusal } from "./refusal.ts";
import { keepTokenValid } from "./renewal.ts";
import type { ActiveToken } from "./renewal.ts";
import type { VaultState } from "./state.ts";
import { waitFor } from "../core/abort.ts";
import { withTimeLimit } from "../core/time-limit.ts";

export interface TokenOptions {
  readonly client: VaultClient;
  readonly login: Login;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly state: VaultState;
}

/** Pause after a rejected login: Vault locks out a user after several failed logins. */
const LOGIN_PAUSE_MS = 10_000;
/** A token of this age or less is assumed to have the current policies of its role. */
const FRESH_MS = 60_000;
const REVOKE_MS = 2000;

/** Provides a valid token: logs in at the first use, one login at a time, renews the token and replaces it. */
export class VaultToken {
  readonly #options: TokenOptions;
  /** The login that is in flight. */
  #login: Promise<ActiveToken> | undefined;
  readonly #stop = new AbortController();
  /** Aborted when the token in use is replaced. */
  #renewal = new AbortController();
  #active: ActiveToken | undefined;
  #rejectedLogin: { readonly error: AgentError; readonly untilMs: number } | undefined;
  /** When a path was denied although the token had just been replaced, monotonic milliseconds. */
  readonly #deniedMs = new Map<string, number>();
  #isFailing = false;

  constructor(options: TokenOptions) {
    this.#options = options;
  }

  /**
   * Runs a request with the token. If Vault denies it (403), the request is run once more with another token, if there is one.
   * @param path the requested path: if it stays denied with a new token, it causes no further login for a while
   */
  async use<T>(
    path: string,
    run: (token: Secret | undefined) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const active = await this.#current(signal);
    try {
      return await run(active.token);
    } catch (error) {
      if (!isDenial(error) || !(await this.#replaceDenied(active, path, signal))) throw error;
    }
    try {
      return await run((await this.#current(signal)).token);
    } catch (error) {
      if (isDenial(error)) this.#deniedMs.set(path, this.#options.clock.monotonicMs());
      throw error;
    }
  }

  /** Ends renewals, and revokes a token that came from a login. Never rejects. @param reason the error of later calls */
  async stop(reason: AgentError): Promise<void> {
    this.#stop.abort(reason);
    this.#renewal.abort();
    const active = this.#active;
    this.#active = undefined;
    if (active?.isFromLogin === true && active.token) await this.#revoke(active.token);
  }

  async #revoke(token: Secret): Promise<void> {
    const { client, clock, logger } = this.#options;
    const timeout = new AgentError("timeout", `no answer within ${REVOKE_MS / 1000} s`);
    try {
      await withTimeLimit(REVOKE_MS, timeout, clock, (signal) =>
        client.write("auth/token/revoke-self", {}, { token, signal }),
      );
    } catch (error) {
      const { message } = toAgentError(error);
      logger.info("could not revoke the Vault token; it expires on its own", { error: message });
    }
  }

  async #current(signal: AbortSignal): Promise<ActiveToken> {
    const configured = await this.#options.login.configuredToken();
    const active = this.#active;
    const now = this.#options.clock.monotonicMs();
    const isValid = configured
      ? active?.token?.equals(configured)
      : active && (active.expiresMs === undefined || active.expiresMs > now);
    return active && isValid === true ? active : this.#logIn(signal);
  }

  #logIn(signal: AbortSignal): Promise<ActiveToken> {
    this.#login ??= this.#logInOnce().finally(() => {
      this.#login = undefined;
    });
    return waitFor(this.#login, signal);
  }

  async #logInOnce(): Promise<ActiveToken> {
    const { login, clock, logger, state } = this.#options;
    const rejected = this.#rejectedLogin;
    if (rejected && clock.monotonicMs() < rejected.untilMs) throw rejected.error;
    try {
      const result = await login.run(this.#stop.signal);
      this.#stop.signal.throwIfAborted();
      if (result.isFromLogin) state.logins += 1;
      this.#rejectedLogin = undefined;
      logger.debug("obtained a Vault token", { ttl_seconds: result.ttlSeconds });
      return this.#activate(result);
    } catch (error) {
      const failure = toAgentError(error);
      // Vault answered, but the login is unusable.
      if (state.up !== undefined) state.up = false;
      // A configured token causes no login, and its replacement is used at once: no pause.
      if (login.createsTokens && !failure.transient)
        this.#rejectedLogin = { error: failure, untilMs: clock.monotonicMs() + LOGIN_PAUSE_MS };
      throw failure;
    }
  }

  #activate({ token, ttlSeconds, renewable, isFromLogin }: LoginResult): ActiveToken {
    const { clock, state } = this.#options;
    const active: ActiveToken = {
      token,
      isFromLogin,
      obtainedMs: clock.monotonicMs(),
      initialTtlMs: (ttlSeconds ?? 0) * 1000,
      renewable,
      expiresMs: undefined,
    };
    this.#active = active;
    state.tokenExpiresAt = undefined;
    if (ttlSeconds !== undefined) this.#setTtl(active, ttlSeconds * 1000);
    this.#logAttempt();
    this.#renewal.abort();
    this.#renewal = new AbortController();
    const renewalOptions = {
      ...this.#options,
      setTtl: (renewed: ActiveToken, ttlMs: number) => this.#setTtl(renewed, ttlMs),
      logIn: () => this.#logIn(this.#stop.signal),
      onAttempt: (error?: unknown) => this.#logAttempt(error),
    };
    void keepTokenValid(active, renewalOptions, this.#renewal.signal);
    return active;
  }

  #setTtl(active: ActiveToken, ttlMs: number): void {
    const { clock, state } = this.#options;
    active.expiresMs = clock.monotonicMs() + ttlMs;
    state.tokenExpiresAt = clock.now() + ttlMs;
  }

  /** Logs the first failure of a series, and the success that ends it. */
  #logAttempt(error?: unknown): void {
    const { logger } = this.#options;
    if (error !== undefined && !this.#isFailing) {
      const { message } = toAgentError(error);
      logger.warn("could not renew the Vault token; retrying", { error: message });
    }
    if (error === undefined && this.#isFailing) logger.info("the Vault token is valid again");
    this.#isFailing = error !== undefined;
  }

  /** Tries to replace a token that was denied `path`. True if another token is in use now. */
  async #replaceDenied(denied: ActiveToken, path: string, signal: AbortSignal): Promise<boolean> {
    const { login, client, clock, state } = this.#options;
    if (!login.createsTokens) {
      if ((await this.#current(signal)) !== denied) return true;
      // An invalid token counts as "Vault is down"; a valid token without the right to read one secret does not.
      if (denied.token && !(await isTokenValid(client, denied.token, signal))) state.up = false;
      return false;
    }
    const now = clock.monotonicMs();
    if (now - denied.obtainedMs < FRESH_MS) {
      const deniedMs = this.#deniedMs.get(path) ?? -Infinity;
      if (now - deniedMs < FRESH_MS) return false;
      if (await isTokenValid(client, denied.token, signal)) return false;
    }
    // A concurrent request may have replaced the token already.
    if (this.#active === denied) await this.#logIn(signal);
    return true;
  }
}

function isDenial(error: unknown): boolean {
  return error instanceof Refusal && error.status === 403;
}

/** Also false for a valid token whose policies forbid `lookup-self`. */
export async function isTokenValid(
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

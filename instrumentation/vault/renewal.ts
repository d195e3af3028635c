import { longSleep } from "../core/clock.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import type { Secret } from "../core/secret.ts";
import type { VaultClient } from "./client.ts";
import { finiteTtl } from "./login.ts";
import { member } from "../core/json.ts";
import { Refusal } from "./refusal.ts";

/** The token in use. */
export interface ActiveToken {
  readonly token: Secret | undefined;
  /** As in LoginResult. */
  readonly isFromLogin: boolean;
  /** Monotonic, milliseconds. */
  readonly obtainedMs: number;
  /** Lifetime when the token was obtained, milliseconds. */
  readonly initialTtlMs: number;
  renewable: boolean;
  /** Monotonic, milliseconds; undefined: never. */
  expiresMs: number | undefined;
}

export interface RenewalOptions {
  readonly client: VaultClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Records that the token expires in `ttlMs`. */
  readonly setTtl: (active: ActiveToken, ttlMs: number) => void;
  /** Replaces the token in use by a new one. */
  readonly logIn: () => Promise<unknown>;
  /** Called after each attempt to renew or replace the token; without an error if it succeeded. */
  readonly onAttempt: (error?: unknown) => void;
}

const MAX_BACKOFF_MS = 60_000;

/**
 * Renews a token after about two thirds of its lifetime, and logs in again when it cannot be renewed any more. Resolves
 * when the token was replaced, when nothing more can be done for it, or when the signal is aborted. Never rejects.
 */
export async function keepTokenValid(
  active: ActiveToken,
  options: RenewalOptions,
  signal: AbortSignal,
): Promise<void> {
  const { clock, logIn, onAttempt } = options;
  let failures = 0;
  try {
    if (!active.isFromLogin && !active.renewable) warnOfExpiry(active, options);
    while (active.expiresMs !== undefined) {
      // Random, so that agents which started together do not renew together.
      const fraction = 0.6 + Math.random() * 0.1;
      const dueMs = (active.expiresMs - clock.monotonicMs()) * fraction;
      const backoffMs = Math.min(MAX_BACKOFF_MS, 1000 * 2 ** failures);
      await longSleep(failures === 0 ? dueMs : backoffMs, clock, signal);
      try {
        if (!(await renew(active, options, signal))) {
          if (active.isFromLogin) await logIn();
          else warnOfExpiry(active, options);
          return;
        }
        onAttempt();
        failures = 0;
      } catch (error) {
        signal.throwIfAborted();
        onAttempt(error);
        failures += 1;
      }
    }
  } catch {
    // The signal was aborted.
  }
}

/** Returns false if the token cannot be renewed any more. @throws AgentError for a temporary failure */
async function renew(
  active: ActiveToken,
  { client, clock, setTtl }: RenewalOptions,
  signal: AbortSignal,
): Promise<boolean> {
  if (!active.renewable || (active.expiresMs ?? 0) <= clock.monotonicMs()) return false;
  try {
    const call = { token: active.token, signal };
    const answer = await client.write("auth/token/renew-self", {}, call);
    const { lease_duration: ttl, renewable } = member(answer, "auth");
    const ttlMs = (finiteTtl(ttl) ?? 0) * 1000;
    if (ttlMs > 0) setTtl(active, ttlMs);
    active.renewable = renewable === true;
    // Close to its maximum lifetime (max_ttl) a token is renewed for less and less time.
    return ttlMs >= active.initialTtlMs / 2;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    active.renewable = false;
    return false;
  }
}

function warnOfExpiry({ expiresMs }: ActiveToken, { clock, logger }: RenewalOptions): void {
  if (expiresMs === undefined) return;
  const seconds = Math.max(0, Math.round((expiresMs - clock.monotonicMs()) / 1000));
  logger.warn("the Vault token expires and cannot be renewed: supply a new one", { seconds });
}

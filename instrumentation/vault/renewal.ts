import { longSleep } from "../core/clock.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import type { Secret } from "../core/secret.ts";
import type { VaultClient } from "./client.ts";
import { positive } from "./login.ts";
import { member } from "../core/json.ts";
import { Refusal } from "./refusal.ts";

/** The token in use. */
export interface ActiveToken {
  readonly token: Secret | undefined;
  /** It comes from a login: it is for this agent alone, and another login gives another one. */
  readonly own: boolean;
  /** Monotonic, milliseconds. */
  readonly obtainedMs: number;
  /** How long it was good for when it was new. */
  readonly firstTtlMs: number;
  renewable: boolean;
  /** Monotonic, milliseconds; undefined for never. */
  expiresMs: number | undefined;
}

export interface RenewalOptions {
  readonly client: VaultClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The token lasts for so long from now on. */
  readonly lasts: (held: ActiveToken, ttlMs: number) => void;
  /** Puts another token into use. */
  readonly logIn: () => Promise<unknown>;
  /** How it went. */
  readonly report: (error?: unknown) => void;
}

const LONGEST_WAIT_MS = 60_000;

/**
 * Renews a token when about two thirds of its time are over, and logs in again when it cannot be renewed any more. Ends when
 * another token has taken over, or nothing can be done for this one. Never rejects.
 */
export async function keepToken(
  held: ActiveToken,
  options: RenewalOptions,
  signal: AbortSignal,
): Promise<void> {
  const { clock, logIn, report } = options;
  let failures = 0;
  try {
    if (!held.own && !held.renewable) warnOfEnd(held, options);
    while (held.expiresMs !== undefined) {
      // Many agents that were started at once do not renew at once.
      const part = 0.6 + Math.random() * 0.1;
      const dueMs = (held.expiresMs - clock.monotonicMs()) * part;
      const backoffMs = Math.min(LONGEST_WAIT_MS, 1000 * 2 ** failures);
      await longSleep(failures === 0 ? dueMs : backoffMs, clock, signal);
      try {
        if (!(await isRenewed(held, options, signal))) {
          if (held.own) await logIn();
          else warnOfEnd(held, options);
          return;
        }
        report();
        failures = 0;
      } catch (error) {
        signal.throwIfAborted();
        report(error);
        failures += 1;
      }
    }
  } catch {
    // Another token is kept, or none.
  }
}

/** False if it cannot be renewed any more. @throws AgentError for a failure that may pass */
async function isRenewed(
  held: ActiveToken,
  { client, clock, lasts }: RenewalOptions,
  signal: AbortSignal,
): Promise<boolean> {
  if (!held.renewable || (held.expiresMs ?? 0) <= clock.monotonicMs()) return false;
  try {
    const call = { token: held.token, signal };
    const answer = await client.write("auth/token/renew-self", {}, call);
    const { lease_duration: ttl, renewable } = member(answer, "auth");
    const ttlMs = positive(ttl) === undefined ? 0 : Number(ttl) * 1000;
    if (ttlMs > 0) lasts(held, ttlMs);
    held.renewable = renewable === true;
    // Near its maximum a token gets less and less.
    return ttlMs >= held.firstTtlMs / 2;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    held.renewable = false;
    return false;
  }
}

function warnOfEnd({ expiresMs }: ActiveToken, { clock, logger }: RenewalOptions): void {
  if (expiresMs === undefined) return;
  const seconds = Math.max(0, Math.round((expiresMs - clock.monotonicMs()) / 1000));
  logger.warn("the Vault token expires and cannot be renewed: give another one", { seconds });
}

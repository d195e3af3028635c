import type { Clock } from "../core/clock.ts";
import { AgentError, toAgentError } from "../core/error.ts";
import { limit } from "../core/limit.ts";
import { Secret } from "../core/secret.ts";
import type { SecretResolver } from "../core/secret.ts";
import type { KvAddress, KvReader } from "./kv.ts";
import type { JsonObject } from "../core/json.ts";
import { checkVaultReference, FURTHER_KEYS, nameOf, parseVaultReference } from "./reference.ts";
import { Refusal } from "./refusal.ts";
import { CONNECTIONS } from "./settings.ts";
import { waitFor } from "../core/abort.ts";
import type { ReadResult, VaultState } from "./state.ts";
import type { VaultToken } from "./token.ts";

export interface ResolverOptions {
  readonly kv: KvReader;
  readonly token: VaultToken;
  readonly clock: Clock;
  readonly state: VaultState;
  /** Ends reads that are under way. */
  readonly signal: AbortSignal;
}

/** A secret that is being read, or was. */
interface Reading {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly fields: Promise<JsonObject>;
}

/** Secrets in Vault. Many references to one secret cost one read, if they do not ask for a newer one. */
export function vaultResolver({
  kv,
  token,
  clock,
  state,
  signal: end,
}: ResolverOptions): SecretResolver {
  const readings = new Map<string, Reading>();
  const inTurn = limit(CONNECTIONS);

  async function read(address: KvAddress): Promise<JsonObject> {
    try {
      const fields = await inTurn(
        () => token.use(address.path, (own) => kv.read(address, { token: own, signal: end }), end),
        end,
      );
      state.reads.success += 1;
      return fields;
    } catch (error) {
      state.reads[resultOf(error)] += 1;
      throw error;
    }
  }

  function fieldsOf(
    { path, version, kvVersion }: KvAddress,
    notBefore: number,
  ): Promise<JsonObject> {
    const key = JSON.stringify([path, version, kvVersion]);
    const known = readings.get(key);
    const now = clock.now();
    // One from the future was read before the clock was set back.
    if (known && known.startedAt >= notBefore && known.startedAt <= now) return known.fields;
    const reading = { startedAt: now, fields: read({ path, version, kvVersion }) };
    readings.set(key, reading);
    reading.fields.catch(() => {
      if (readings.get(key) === reading) readings.delete(key);
    });
    return reading.fields;
  }

  return {
    scheme: "vault",
    keys: FURTHER_KEYS,
    check: checkVaultReference,
    async resolve(reference, signal, notBefore = Infinity) {
      const parsed = parseVaultReference(reference);
      if (typeof parsed === "string")
        throw new AgentError("secret", `the reference to a secret in Vault ${parsed}`);
      try {
        return secretIn(await waitFor(fieldsOf(parsed, notBefore), signal), parsed.field);
      } catch (error) {
        signal.throwIfAborted();
        const { message, transient, retryAfterMs, cause } = toAgentError(error);
        throw new AgentError("secret", `${nameOf(parsed)}: ${message}`, {
          transient,
          retryAfterMs,
          cause,
        });
      }
    },
  };
}

function secretIn(fields: JsonObject, field: string): Secret {
  const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
  if (typeof value === "string" && value !== "") return new Secret(value);
  const reason = value === undefined ? "is not there" : value === "" ? "is empty" : "is no text";
  throw new AgentError("secret", `the field ${reason}`);
}

function resultOf(error: unknown): ReadResult {
  if (error instanceof Refusal && error.status === 403) return "denied";
  if (error instanceof Refusal && error.status === 404) return "not_found";
  return error instanceof AgentError && error.transient ? "unreachable" : "other";
}

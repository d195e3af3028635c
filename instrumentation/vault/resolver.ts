import type { Clock } from "../core/clock.ts";
import { AgentError } from "../core/error.ts";
import { limit } from "../core/limit.ts";
import { Secret } from "../core/secret.ts";
import type { SecretResolver } from "../core/secret.ts";
import { secretError } from "./client.ts";
import type { KvAddress, KvReader } from "./kv.ts";
import type { JsonObject } from "../core/json.ts";
import { nameOf, parseVaultReference, VAULT_SCHEME } from "./reference.ts";
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
  /** Aborts reads in flight. */
  readonly signal: AbortSignal;
}

/** A read of a secret, in flight or successful. */
interface SecretRead {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly fields: Promise<JsonObject>;
}

/** Resolves references to secrets in Vault. References to the same secret share one read, unless `notBefore` asks for a newer one. */
export function vaultResolver(options: ResolverOptions): SecretResolver {
  const { kv, token, clock, state, signal: stopSignal } = options;
  const reads = new Map<string, SecretRead>();
  const limited = limit(CONNECTIONS);

  async function read(address: KvAddress): Promise<JsonObject> {
    const readWith = (current: Secret | undefined): Promise<JsonObject> =>
      kv.read(address, { token: current, signal: stopSignal });
    try {
      const fields = await limited(() => token.use(address.path, readWith, stopSignal), stopSignal);
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
    const known = reads.get(key);
    const now = clock.now();
    // A start in the future means that the clock was set back since: the age of that read is unknown.
    if (known && known.startedAt >= notBefore && known.startedAt <= now) return known.fields;
    const started = { startedAt: now, fields: read({ path, version, kvVersion }) };
    reads.set(key, started);
    started.fields.catch(() => {
      if (reads.get(key) === started) reads.delete(key);
    });
    return started.fields;
  }

  return {
    ...VAULT_SCHEME,
    async resolve(reference, signal, notBefore = Infinity) {
      const parsed = parseVaultReference(reference);
      if (typeof parsed === "string")
        throw new AgentError("secret", `invalid reference to a secret in Vault: ${parsed}`);
      try {
        return secretIn(await waitFor(fieldsOf(parsed, notBefore), signal), parsed.field);
      } catch (error) {
        signal.throwIfAborted();
        throw secretError(error, `${nameOf(parsed)}: `);
      }
    },
  };
}

function secretIn(fields: JsonObject, field: string): Secret {
  const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
  if (typeof value === "string" && value !== "") return new Secret(value);
  const reason = value === undefined ? "does not exist" : value === "" ? "is empty" : "is not text";
  throw new AgentError("secret", `the field ${reason}`);
}

function resultOf(error: unknown): ReadResult {
  if (error instanceof Refusal && error.status === 403) return "denied";
  if (error instanceof Refusal && error.status === 404) return "not_found";
  return error instanceof AgentError && error.transient ? "unreachable" : "other";
}

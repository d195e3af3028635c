import { AgentError, toAgentError } from "../core/error.ts";
import type { Secret } from "../core/secret.ts";
import { retry } from "../http/retry.ts";
import { isJsonObject } from "../core/json.ts";
import type { JsonObject } from "../core/json.ts";
import { Refusal } from "./refusal.ts";
import type { VaultSettings } from "./settings.ts";
import type { VaultState } from "./state.ts";
import { openTransport } from "./transport.ts";
import type { Transport, TransportOptions, VaultRequest } from "./transport.ts";

/** The token and the cancellation of one request. */
export interface Call {
  readonly token: Secret | undefined;
  readonly signal: AbortSignal;
}

/** Vault's HTTP API. Paths are relative to `/v1/` and percent-encoded. Requests that fail temporarily are retried. */
export interface VaultClient {
  /** Returns the JSON body. @throws Refusal, AgentError `secret`, or the reason of the signal */
  read(path: string, call: Call): Promise<JsonObject>;
  /** @param data may contain values of type Secret, which are revealed when the request is sent. @throws as `read` */
  write(path: string, data: JsonObject, call: Call): Promise<JsonObject>;
}

export interface ClientOptions extends TransportOptions {
  readonly state: VaultState;
  /** Imports node-vault. */
  readonly load?: (() => Promise<{ readonly default: NodeVault }>) | undefined;
}

type NodeVault = typeof import("node-vault");
type NodeVaultClient = ReturnType<NodeVault>;

/** After a request has failed all its retries, requests fail at once for this long: hundreds of secrets must not wait for a server that is down. */
const OUTAGE_MS = 5000;

/** Loads node-vault and connects at the first request. */
export function openClient(settings: VaultSettings, options: ClientOptions): VaultClient {
  const { clock, state, load = () => import("node-vault") } = options;
  const transport = openTransport(settings, options);
  let opened: NodeVaultClient | undefined;
  let outage: { readonly error: AgentError; readonly untilMs: number } | undefined;

  async function open(): Promise<NodeVaultClient> {
    opened ??= nodeVault(
      await load().then(({ default: create }) => create, notInstalled),
      transport,
    );
    return opened;
  }

  async function ask(
    { signal }: Call,
    request: (vault: NodeVaultClient) => Promise<unknown>,
  ): Promise<JsonObject> {
    if (outage && clock.monotonicMs() < outage.untilMs) throw outage.error;
    const vault = await open();
    try {
      const answer = await retry(() => request(vault), clock, signal, settings.retries);
      state.up = true;
      outage = undefined;
      return isJsonObject(answer) ? answer : {};
    } catch (error) {
      signal.throwIfAborted();
      state.up = error instanceof Refusal;
      if (error instanceof Refusal) throw error;
      const failure = secretError(error);
      if (failure.transient) outage = { error: failure, untilMs: clock.monotonicMs() + OUTAGE_MS };
      throw failure;
    }
  }

  return {
    read: (path, call) => ask(call, (vault) => vault.read(path, { ...call })),
    write: (path, data, call) => ask(call, (vault) => vault.write(path, data, { ...call })),
  };
}

/** The failure as an AgentError `secret`. */
export function secretError(error: unknown, prefix = ""): AgentError {
  const { message, transient, retryAfterMs, cause } = toAgentError(error);
  return new AgentError("secret", prefix + message, { transient, retryAfterMs, cause });
}

/**
 * node-vault with our transport, since its default transport follows redirects with the token, has no time limit, and puts
 * the token into errors. Ours uses only the path, method, body and call of a request: node-vault also adds the token,
 * namespace and prefix of the process environment.
 */
function nodeVault(create: NodeVault, transport: Transport): NodeVaultClient {
  const defaults = () => async (request: VaultRequest) => ({
    statusCode: 200,
    body: await transport(request),
  });
  const client = create({ "request-promise": { defaults }, endpoint: "http://vault.invalid" });
  client.token = "";
  return client;
}

function notInstalled(cause: unknown): never {
  const message =
    "the package node-vault cannot be loaded; install it: npm install node-vault@0.12";
  throw new AgentError("secret", message, { cause });
}

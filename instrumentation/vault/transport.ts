import type { Clock } from "../core/clock.ts";
import { AgentError } from "../core/error.ts";
import { Secret } from "../core/secret.ts";
import { httpClient } from "../http/client.ts";
import type { HttpResponse, Send } from "../http/client.ts";
import { statusError } from "../http/status-error.ts";
import { isJsonObject, parseJson } from "../core/json.ts";
import type { JsonObject } from "../core/json.ts";
import { Refusal } from "./refusal.ts";
import { CONNECTIONS } from "./settings.ts";
import type { VaultSettings } from "./settings.ts";
import { readTls } from "./tls.ts";
import { withTimeLimit } from "../core/time-limit.ts";

/** A request of node-vault. The transport reveals the secrets in it when it sends them, so that node-vault cannot print them. */
export interface VaultRequest {
  readonly method: "GET" | "POST";
  /** Follows `/v1`: begins with a slash, percent-encoded. */
  readonly path: string;
  /** The body. */
  readonly json?: JsonObject;
  readonly token: Secret | undefined;
  readonly signal: AbortSignal;
}

export interface TransportOptions {
  readonly clock: Clock;
  /** `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`. */
  readonly proxyEnvironment: Readonly<Record<string, string | undefined>>;
  /** Called with each secret that a request contains. */
  readonly onSecret?: ((name: string, secret: Secret) => void) | undefined;
}

const MAX_BYTES = 4 * 1024 * 1024;
const MAX_REASON_LENGTH = 200;

/**
 * Sends one request, to the address of the settings only, and returns the JSON object of a 2xx response, or {} if it has no content.
 * @throws Refusal for a permanent status of Vault; AgentError for a transient one, and for a response that is not Vault's
 */
export type Transport = (request: VaultRequest) => Promise<JsonObject>;

/** Connects to Vault. Errors name the host and the status, never the token or the body. */
export function openTransport(settings: VaultSettings, options: TransportOptions): Transport {
  const { address, namespace, timeoutMs } = settings;
  const { clock, onSecret } = options;
  const socketPath = address.startsWith("unix://") ? address.slice("unix://".length) : undefined;
  const base = socketPath === undefined ? address : "http://localhost";
  const host = socketPath ?? new URL(base).host;
  const connect = connector(settings, socketPath, options);

  return async ({ method, path, json, token, signal }) => {
    if (token && !/^[!-~]+$/.test(token.revealText())) {
      const message = "the Vault token cannot be sent: it must be one line of printable characters";
      throw new AgentError("secret", message);
    }
    for (const [name, value] of Object.entries({ token, ...json }))
      if (value instanceof Secret) onSecret?.(name, value);
    const send = await connect();
    const body = json && Buffer.from(JSON.stringify(withRevealedSecrets(json)));
    const headers = {
      "x-vault-request": "true",
      ...(token && { "x-vault-token": token.revealText() }),
      ...(namespace !== undefined && { "x-vault-namespace": namespace }),
      ...(body && { "content-type": "application/json" }),
    };
    const request = { method, url: new URL(`${base}/v1${path}`), headers, body };
    const timeout = new AgentError(
      "timeout",
      `${host} did not answer within ${timeoutMs / 1000} s`,
      {
        transient: true,
      },
    );
    const response = await withTimeLimit(timeoutMs, timeout, clock, (limit) =>
      send({ ...request, maxBytes: MAX_BYTES }, AbortSignal.any([signal, limit])),
    );
    return jsonOf(response, `Vault at ${host}`, clock, [
      ...(token ? [token] : []),
      ...Object.values(json ?? {}).filter((value) => value instanceof Secret),
    ]);
  };
}

/** Returns a function that opens a client, or the one opened before if the TLS files have not changed since: certificates are renewed. */
function connector(
  { tls, timeoutMs }: VaultSettings,
  socketPath: string | undefined,
  { proxyEnvironment }: TransportOptions,
): () => Promise<Send> {
  let current: { readonly key: string; readonly send: Send } | undefined;
  return async () => {
    const { ca, clientCertificate } = await readTls(tls);
    const key = JSON.stringify([ca, clientCertificate]);
    if (current?.key === key) return current.send;
    const send = httpClient({
      ca,
      clientCertificate,
      serverName: tls.serverName,
      skipVerify: tls.skipVerify,
      caHint: "to trust another CA, set VAULT_CACERT or vault.tls.ca",
      socketPath,
      proxyEnvironment,
      connections: CONNECTIONS,
      requestTimeoutMs: timeoutMs,
      idleMs: timeoutMs,
    });
    current = { key, send };
    return send;
  };
}

function withRevealedSecrets(json: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [
      key,
      value instanceof Secret ? value.revealText() : value,
    ]),
  );
}

/** @param server for messages @param sent the secrets of the request */
function jsonOf(
  response: HttpResponse,
  server: string,
  clock: Clock,
  sent: readonly Secret[],
): JsonObject {
  const { status, headers, body } = response;
  if (status >= 300 && status <= 399) {
    const host = URL.parse(headers["location"] ?? "")?.host ?? "another address";
    throw new AgentError(
      "other",
      `${server} redirects to ${host}: not followed, because the secrets would be sent there`,
    );
  }
  const json = parseJson(body);
  const reason = statedReason(json, sent);
  const message = `${server} answers ${status}${reason === "" ? "" : `, ${reason}`}`;
  // 412: a replica lags behind the last write.
  if (status === 412 || status === 429 || status >= 500) {
    const { retryAfterMs } = statusError(response, server, clock);
    throw new AgentError("unreachable", message, { transient: true, retryAfterMs });
  }
  if (status >= 200 && status <= 299) {
    if (isJsonObject(json)) return json;
    if (body.length === 0) return {};
    // For example a captive portal, or a page of a proxy.
    throw new AgentError(
      "other",
      `${server} answered with something other than a JSON object: is it Vault?`,
      { transient: true },
    );
  }
  throw new Refusal(status, message, json);
}

/** The reason that Vault states, in one line; empty if it contains a secret of the request. */
export function statedReason(json: unknown, sent: readonly Secret[]): string {
  const errors: unknown = isJsonObject(json) ? json["errors"] : undefined;
  const texts = Array.isArray(errors) ? errors.filter((text) => typeof text === "string") : [];
  const text = texts
    .join("; ")
    .replaceAll(/[\s\p{Cc}]+/gu, " ")
    .replaceAll(/\b\d{1,9} errors? occurred: /g, "")
    .replaceAll("* ", "")
    .trim();
  if (sent.some((secret) => !secret.isEmpty && text.includes(secret.revealText()))) return "";
  return text.length > MAX_REASON_LENGTH ? `${text.slice(0, MAX_REASON_LENGTH)} …` : text;
}

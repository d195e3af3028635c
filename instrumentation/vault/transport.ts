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

/** What node-vault asks for. Secrets are still sealed: they are opened here, and nothing that it prints has them. */
export interface VaultRequest {
  readonly method: "GET" | "POST";
  /** Below `/v1`, with its slash; encoded. */
  readonly path: string;
  /** What is sent as JSON. */
  readonly json?: JsonObject;
  readonly token: Secret | undefined;
  readonly signal: AbortSignal;
}

export interface TransportOptions {
  readonly clock: Clock;
  /** `HTTP_PROXY` and its kin. */
  readonly proxyEnvironment: Readonly<Record<string, string | undefined>>;
}

const MAX_BYTES = 4 * 1024 * 1024;
const MAX_REASON_LENGTH = 200;

/**
 * Sends one request and gives the answer of a status that says success: a JSON object, an empty one for no content.
 * Neither token nor body go to another place than the address of the settings.
 * @throws Refusal for another status that is Vault's answer for good, AgentError for all that may pass, and for what is no answer of Vault
 */
export type Transport = (request: VaultRequest) => Promise<JsonObject>;

/** The way to Vault. What it says of failures names host and status, and never holds what was sent. */
export function openTransport(settings: VaultSettings, options: TransportOptions): Transport {
  const { address, namespace, timeoutMs } = settings;
  const { clock } = options;
  const socketPath = address.startsWith("unix://") ? address.slice("unix://".length) : undefined;
  const base = socketPath === undefined ? address : "http://localhost";
  const where = socketPath ?? new URL(base).host;
  const connect = connector(settings, socketPath, options);

  return async ({ method, path, json, token, signal }) => {
    if (token && !/^[!-~]+$/.test(token.revealText())) {
      const message = "the Vault token cannot be sent: it must be one line of printable characters";
      throw new AgentError("secret", message);
    }
    const send = await connect();
    const body = json && Buffer.from(JSON.stringify(opened(json)));
    const headers = {
      "x-vault-request": "true",
      ...(token && { "x-vault-token": token.revealText() }),
      ...(namespace !== undefined && { "x-vault-namespace": namespace }),
      ...(body && { "content-type": "application/json" }),
    };
    const request = { method, url: new URL(`${base}/v1${path}`), headers, body };
    const late = new AgentError("timeout", `${where} did not answer within ${timeoutMs / 1000} s`, {
      transient: true,
    });
    const response = await withTimeLimit(timeoutMs, late, clock, (limit) =>
      send({ ...request, maxBytes: MAX_BYTES }, AbortSignal.any([signal, limit])),
    );
    return answerOf(response, `Vault at ${where}`, clock, [
      ...(token ? [token] : []),
      ...Object.values(json ?? {}).filter((value) => value instanceof Secret),
    ]);
  };
}

/** Certificates are renewed: a connection is made of what the files hold now. */
function connector(
  { tls, timeoutMs }: VaultSettings,
  socketPath: string | undefined,
  { proxyEnvironment }: TransportOptions,
): () => Promise<Send> {
  let open: { readonly of: string; readonly send: Send } | undefined;
  return async () => {
    const { ca, clientCertificate } = await readTls(tls);
    const of = JSON.stringify([ca, clientCertificate]);
    if (open?.of === of) return open.send;
    const send = httpClient({
      ca,
      clientCertificate,
      serverName: tls.serverName,
      skipVerify: tls.skipVerify,
      caHint: "VAULT_CACERT or vault.tls.ca names another CA",
      socketPath,
      proxyEnvironment,
      connections: CONNECTIONS,
      idleMs: timeoutMs,
    });
    open = { of, send };
    return send;
  };
}

function opened(json: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [
      key,
      value instanceof Secret ? value.revealText() : value,
    ]),
  );
}

function answerOf(
  response: HttpResponse,
  what: string,
  clock: Clock,
  sent: readonly Secret[],
): JsonObject {
  const { status, headers, body } = response;
  if (status >= 300 && status <= 399) {
    const host = URL.parse(headers["location"] ?? "")?.host ?? "another address";
    throw new AgentError(
      "other",
      `${what} redirects to ${host}: not followed, secrets would go along`,
    );
  }
  const answer = parseJson(body);
  const reason = reasonOf(answer, sent);
  // 412: a replica has not yet got what was written before.
  if (status === 412 || status === 429 || status >= 500) {
    const { retryAfterMs } = statusError(response, what, clock);
    const message = `${what} answers ${status}${reason === "" ? "" : `, ${reason}`}`;
    throw new AgentError("unreachable", message, { transient: true, retryAfterMs });
  }
  if (status >= 200 && status <= 299) {
    if (isJsonObject(answer)) return answer;
    if (body.length === 0) return {};
    // A captive portal, or a proxy's page.
    const message = `${what} answers with something that is no JSON object: is it Vault?`;
    throw new AgentError("other", message, { transient: true });
  }
  throw new Refusal(
    status,
    `${what} answers ${status}${reason === "" ? "" : `, ${reason}`}`,
    answer,
  );
}

/** What Vault says for itself, in one line; nothing if it holds something of what was sent. */
function reasonOf(answer: unknown, sent: readonly Secret[]): string {
  const errors: unknown = isJsonObject(answer) ? answer["errors"] : undefined;
  const texts = Array.isArray(errors) ? errors.filter((text) => typeof text === "string") : [];
  const text = texts
    .join("; ")
    .replaceAll(/[\s\p{Cc}]+/gu, " ")
    .replaceAll(/\d+ errors? occurred: /g, "")
    .replaceAll("* ", "")
    .trim();
  if (sent.some((secret) => !secret.isEmpty && text.includes(secret.revealText()))) return "";
  return text.length > MAX_REASON_LENGTH ? `${text.slice(0, MAX_REASON_LENGTH)} …` : text;
}

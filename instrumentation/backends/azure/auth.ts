import { createHmac, createSecretKey } from "node:crypto";

import type { Clock } from "../../core/clock.ts";
import { AgentError } from "../../core/error.ts";
import { entraTokens, loadAzureIdentity } from "./entra-id.ts";
import type { AzureToken, LoadIdentity } from "./entra-id.ts";
import { valueOf } from "../context.ts";
import type { Variables } from "../context.ts";

type Headers = Readonly<Record<string, string>>;

interface Authorized {
  readonly url: URL;
  readonly headers: Headers;
}

export interface AzureLogin {
  /** `https://account.blob.core.windows.net/`; the name of a container follows. */
  readonly base: string;
  /** Advice in messages if access is denied. */
  readonly hint: string;
  /** Adds the login to a request. */
  authorize(url: URL, headers: Headers, signal: AbortSignal): Promise<Authorized>;
  /** The service rejected the token of the last call: gets a new one for the next. Absent if there are no others. */
  renew?(): void;
}

/** The account name becomes a part of the host name. */
const ACCOUNT = /^[a-z0-9]{3,24}$/;

/**
 * In restic's order: an account key, a shared access signature, Entra ID.
 * @throws AgentError `config` for missing or unusable variables
 */
export function azureLogin(
  where: string,
  environment: Variables,
  clock: Clock,
  loadIdentity: LoadIdentity = loadAzureIdentity,
): AzureLogin {
  const variable = (name: string): string | undefined => valueOf(environment, name);
  const account = variable("AZURE_ACCOUNT_NAME");
  if (account === undefined)
    throw new AgentError(
      "config",
      `${where}: AZURE_ACCOUNT_NAME is not set in the environment of the repository`,
    );
  if (!ACCOUNT.test(account))
    throw new AgentError("config", `${where}: AZURE_ACCOUNT_NAME is not a valid account name`);
  const base = addressOf(where, account, variable("AZURE_ENDPOINT_SUFFIX"));
  const key = variable("AZURE_ACCOUNT_KEY");
  if (key !== undefined) return sharedKey(where, base, account, key);
  const sas = variable("AZURE_ACCOUNT_SAS");
  if (sas !== undefined) return sharedSignature(base, sas);
  return entra(base, where, environment, clock, loadIdentity);
}

function addressOf(where: string, account: string, suffix = "core.windows.net"): string {
  // An emulator has the account in the path.
  const emulator = /^https?:\/\//.test(suffix);
  const address = emulator ? suffix : `https://${account}.blob.${suffix}`;
  const url = URL.parse(address);
  if (!url || url.pathname !== "/" || url.search !== "" || url.username !== "")
    throw new AgentError(
      "config",
      `${where}: AZURE_ENDPOINT_SUFFIX must be the end of a host name`,
    );
  return emulator ? `${url.origin}/${account}/` : `${url.origin}/`;
}

/** "Authorize with Shared Key", the format of the Blob service since 2009-09-19. */
function sharedKey(where: string, base: string, account: string, key: string): AzureLogin {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(key) || key.length % 4 !== 0)
    throw new AgentError("config", `${where}: AZURE_ACCOUNT_KEY is not Base64`);
  const secret = createSecretKey(key, "base64");
  return {
    base,
    hint: "AZURE_ACCOUNT_KEY must be a key of the account, and the clock of this machine must be right",
    async authorize(url, headers) {
      const signed = createHmac("sha256", secret)
        .update(stringToSign(account, url, headers))
        .digest("base64");
      return { url, headers: { ...headers, authorization: `SharedKey ${account}:${signed}` } };
    },
  };
}

/** For a GET without body and conditions, eleven lines after the verb are empty. */
function stringToSign(account: string, url: URL, headers: Headers): string {
  const own = Object.entries(headers)
    .filter(([name]) => name.startsWith("x-ms-"))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${value}\n`);
  const query = [...url.searchParams]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `\n${name}:${value}`);
  return `GET${"\n".repeat(12)}${own.join("")}/${account}${url.pathname}${query.join("")}`;
}

function sharedSignature(base: string, sas: string): AzureLogin {
  const parameters = new URLSearchParams(sas.replace(/^\?/, ""));
  return {
    base,
    hint: "AZURE_ACCOUNT_SAS must allow reading and listing (rl) in this container and not be expired",
    async authorize(url, headers) {
      const signed = new URL(url);
      for (const [name, value] of parameters) signed.searchParams.append(name, value);
      return { url: signed, headers };
    },
  };
}

function entra(
  base: string,
  where: string,
  environment: Variables,
  clock: Clock,
  loadIdentity: LoadIdentity,
): AzureLogin {
  const tokens = entraTokens(where, environment, clock, loadIdentity);
  let last: AzureToken | undefined;
  return {
    base,
    hint: "the identity needs the role Storage Blob Data Reader for this container",
    async authorize(url, headers, signal) {
      last = await tokens.current(signal);
      const authorization = `Bearer ${last.secret.revealText()}`;
      return { url, headers: { ...headers, authorization } };
    },
    renew: () => last && tokens.forget(last),
  };
}

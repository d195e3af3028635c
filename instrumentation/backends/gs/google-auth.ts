import { waitFor } from "../../core/abort.ts";
import { AgentError } from "../../core/error.ts";
import { isJsonObject, textMember } from "../../core/json.ts";
import type { JsonObject } from "../../core/json.ts";

/** The part of `google-auth-library`, an optional peer, that is used. */
interface GoogleAuthLibrary {
  readonly GoogleAuth: new (options: object) => { getClient(): Promise<AuthClient> };
}

interface AuthClient {
  getAccessToken(): Promise<{ readonly token?: string | null }>;
  readonly credentials: { readonly expiry_date?: number | null };
}

export type LoadGoogleAuth = () => Promise<GoogleAuthLibrary>;

interface LibraryToken {
  readonly token: string;
  /** Milliseconds since the epoch; undefined: unknown. */
  readonly expiresAt: number | undefined;
}

const PACKAGE = "google-auth-library";

/** The types of credentials files for which the library gets tokens. */
export const LIBRARY_TYPES: ReadonlySet<string> = new Set([
  "external_account",
  "external_account_authorized_user",
  "impersonated_service_account",
]);

/**
 * A token for a credentials file, by the library: it uses the proxy of the process and `NODE_EXTRA_CA_CERTS`.
 * @param content the parsed file
 * @param what names the file, in messages
 */
export async function libraryToken(
  content: JsonObject,
  scope: string,
  what: string,
  load: LoadGoogleAuth = () => import(PACKAGE),
  signal: AbortSignal,
): Promise<LibraryToken> {
  const { GoogleAuth } = await load().catch((cause: unknown) => {
    const message = `${what} needs the package ${PACKAGE}: npm install ${PACKAGE}`;
    throw new AgentError("config", message, { cause });
  });
  try {
    const client = await new GoogleAuth({ credentials: content, scopes: [scope] }).getClient();
    const { token } = await waitFor(client.getAccessToken(), signal);
    if (token) return { token, expiresAt: client.credentials.expiry_date ?? undefined };
  } catch (cause) {
    signal.throwIfAborted();
    throw tokenError(what, cause);
  }
  throw new AgentError("other", `${what}: ${PACKAGE} returned no token`);
}

const NETWORK = /^(ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOST|ENET|EPIPE)/;

/** The messages of the library may quote the file and responses. */
function tokenError(what: string, cause: unknown): AgentError {
  const status = isJsonObject(cause) && typeof cause["status"] === "number" ? cause["status"] : 0;
  const code = isJsonObject(cause) ? textMember(cause, "code") : undefined;
  const message = `${what}: no token (${status || (code ?? "unknown error")})`;
  if (status === 429 || status >= 500 || NETWORK.test(code ?? ""))
    return new AgentError("unreachable", message, { transient: true, cause });
  return new AgentError(
    "denied",
    `${message}; test it with: gcloud auth application-default print-access-token`,
    { cause },
  );
}

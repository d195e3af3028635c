import type { Clock } from "../../core/clock.ts";
import { AgentError } from "../../core/error.ts";
import { isJsonObject } from "../../core/json.ts";
import { Secret } from "../../core/secret.ts";
import { renewable } from "../object-store/renewable.ts";
import type { Renewable } from "../object-store/renewable.ts";
import { valueOf } from "../context.ts";
import type { Variables } from "../context.ts";

/** A token of Entra ID for the Blob service. */
export interface AzureToken {
  readonly secret: Secret;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** The credential classes of `@azure/identity`, an optional peer, by their names. */
type AzureIdentity = Readonly<Record<string, NewCredential | undefined>>;

type NewCredential = new (...args: readonly unknown[]) => { readonly getToken: GetToken };

type GetToken = (scope: string, options: { readonly abortSignal: AbortSignal }) => Promise<unknown>;

export type LoadIdentity = () => Promise<AzureIdentity>;

const PACKAGE = "@azure/identity";
const SCOPE = "https://storage.azure.com/.default";
const MARGIN_MS = 5 * 60_000;

export const loadAzureIdentity: LoadIdentity = () => import(PACKAGE);

/** Tokens of the identity that the repository's variables name, in restic's order. The environment of the process does not count. */
export function entraTokens(
  where: string,
  environment: Variables,
  clock: Clock,
  load: LoadIdentity,
): Renewable<AzureToken> {
  let credential: Promise<GetToken> | undefined;
  return renewable(
    async (signal) => {
      credential ??= credentialOf(where, environment, load);
      credential.catch(() => (credential = undefined));
      return tokenOf(where, await credential, signal);
    },
    clock,
    MARGIN_MS,
  );
}

async function tokenOf(
  where: string,
  getToken: GetToken,
  signal: AbortSignal,
): Promise<AzureToken> {
  let answer: unknown;
  try {
    answer = await getToken(SCOPE, { abortSignal: signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw tokenError(where, cause);
  }
  const { token, expiresOnTimestamp: expiresAt } = isJsonObject(answer) ? answer : {};
  if (typeof token === "string" && typeof expiresAt === "number")
    return { secret: new Secret(token), expiresAt };
  throw new AgentError("other", `${where}: ${PACKAGE} returned no token`);
}

const FIT =
  "AZURE_TENANT_ID, AZURE_CLIENT_ID and the secret, certificate or token file must belong to the same identity";

/** The messages of the package quote its arguments: they are never shown. */
function tokenError(where: string, thrown: unknown): AgentError {
  const { name, message } = thrown instanceof Error ? thrown : new Error();
  const what = `${where}: Entra ID issued no token (${name})`;
  if (name === "RestError" || message.includes("network_error"))
    return new AgentError("unreachable", `${what}: it is unreachable`, { transient: true });
  if (name === "CredentialUnavailableError")
    return new AgentError(
      "config",
      `${what}: neither AZURE_ACCOUNT_KEY nor AZURE_ACCOUNT_SAS is set, and no identity is available: ${FIT}`,
    );
  return new AgentError("denied", `${what}: ${FIT}`);
}

/** The credential classes of the package to try, with their arguments. */
function plan(environment: Variables): readonly (readonly [name: string, ...args: unknown[]])[] {
  const variable = (name: string): string | undefined => valueOf(environment, `AZURE_${name}`);
  const authorityHost = variable("AUTHORITY_HOST");
  const options = authorityHost === undefined ? {} : { authorityHost };
  const cli = ["AzureCliCredential"] as const;
  if (variable("FORCE_CLI_CREDENTIAL") !== undefined) return [cli];
  const [tenantId, clientId] = [variable("TENANT_ID"), variable("CLIENT_ID")];
  const clientSecret = variable("CLIENT_SECRET");
  const certificatePath = variable("CLIENT_CERTIFICATE_PATH");
  const tokenFilePath = variable("FEDERATED_TOKEN_FILE");
  if (clientSecret !== undefined)
    return [["ClientSecretCredential", tenantId, clientId, clientSecret, options]];
  if (certificatePath !== undefined) {
    const certificatePassword = variable("CLIENT_CERTIFICATE_PASSWORD");
    const certificate = {
      certificatePath,
      ...(certificatePassword !== undefined && { certificatePassword }),
    };
    return [["ClientCertificateCredential", tenantId, clientId, certificate, options]];
  }
  if (tokenFilePath !== undefined)
    return [["WorkloadIdentityCredential", { ...options, tenantId, clientId, tokenFilePath }]];
  return [["ManagedIdentityCredential", clientId === undefined ? {} : { clientId }], cli];
}

async function credentialOf(
  where: string,
  environment: Variables,
  load: LoadIdentity,
): Promise<GetToken> {
  const identity = await load().catch((cause: unknown) => {
    throw new AgentError(
      "config",
      `${where}: neither AZURE_ACCOUNT_KEY nor AZURE_ACCOUNT_SAS is set, and for Entra ID the package ${PACKAGE} is missing: npm install ${PACKAGE}`,
      { cause },
    );
  });
  const steps = plan(environment).map(([name, ...args]) => made(identity, name, args, where));
  return async (scope, options) => {
    let failure: unknown;
    for (const getToken of steps) {
      try {
        return await getToken(scope, options);
      } catch (error) {
        options.abortSignal.throwIfAborted();
        failure = error;
      }
    }
    throw failure;
  };
}

function made(
  identity: AzureIdentity,
  name: string,
  args: readonly unknown[],
  where: string,
): GetToken {
  const Credential = identity[name];
  if (!Credential)
    throw new AgentError(
      "config",
      `${where}: the package ${PACKAGE} has no ${name}: is it too old?`,
    );
  try {
    const credential = new Credential(...args);
    return (scope, options) => credential.getToken(scope, options);
  } catch (cause) {
    // The cause's message may quote its arguments.
    throw new AgentError(
      "config",
      `${where}: ${name} rejected AZURE_TENANT_ID, AZURE_CLIENT_ID or the credentials that go with them`,
      { cause },
    );
  }
}

import { waitFor } from "../../core/abort.ts";
import { AgentError } from "../../core/error.ts";
import type { Send } from "../../http/client.ts";
import type { Variables } from "../context.ts";
import { mergedProfile } from "./credential-files.ts";
import { awsCredentials } from "./signature-v4.ts";
import type { AwsCredentials } from "./signature-v4.ts";

/** The part of `@aws-sdk/credential-providers`, an optional peer, that is used. */
interface AwsProviders {
  fromIni(options: object): () => Promise<SdkCredentials>;
  fromSSO(options: object): () => Promise<SdkCredentials>;
}

interface SdkCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: { getTime(): number };
}

/** A request of the SDK. */
interface SdkRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export type LoadProviders = () => Promise<AwsProviders>;

export interface ProfileOptions {
  /** The repository's variables: the environment of the process does not count. */
  readonly environment: Variables;
  /** The configured region of the bucket: for roles, if the profile has none. */
  readonly region: string | undefined;
  /** Prefix of messages. */
  readonly where: string;
  readonly send: Send;
  readonly loadProviders?: LoadProviders | undefined;
}

const PACKAGE = "@aws-sdk/credential-providers";
const MAX_BYTES = 1024 * 1024;

/** Keys of profiles that the SDK understands, with its function for them. */
const PROVIDERS = [
  ["role_arn", "fromIni"],
  ["credential_process", "fromIni"],
  ["sso_session", "fromSSO"],
  ["sso_start_url", "fromSSO"],
  ["login_session", "fromIni"],
] as const;

/**
 * The credentials of a profile with a role, a process or single sign-on. The default chain of the SDK would also use variables of the
 * process, which may belong to another repository.
 * @returns undefined: the profile has none of these
 */
export async function ofSdkProfile(
  { environment, region, where, send, loadProviders }: ProfileOptions,
  signal: AbortSignal,
): Promise<AwsCredentials | undefined> {
  const { profile, files, keys } = await mergedProfile(environment);
  const [key, name] = PROVIDERS.find(([one]) => keys.has(one)) ?? [];
  if (name === undefined) return undefined;
  const what = `${where}: the profile ${profile} with ${key}`;
  const load: LoadProviders = loadProviders ?? (() => import(PACKAGE));
  const sdk = await load().catch((cause: unknown) => {
    const message = `${what} needs the package ${PACKAGE}: npm install ${PACKAGE}`;
    throw new AgentError("config", message, { cause });
  });
  /** The last failure that the SDK may hide in an error of its own. */
  let failure: AgentError | undefined;
  // The HTTP handler of the SDK does not support proxies.
  const requestHandler = {
    handle: async (request: SdkRequest) => {
      const response = await sendFor(send, request, signal).catch((error: unknown) => {
        if (error instanceof AgentError) failure = error;
        throw error;
      });
      const { status } = response;
      const message = `${what}: AWS answers ${status}`;
      if (status === 429 || status >= 500)
        failure = new AgentError("unreachable", message, { transient: true });
      return { response: { ...response, statusCode: status } };
    },
  };
  const clientConfig = { requestHandler };
  const parentClientConfig = { requestHandler, ...(region !== undefined && { region }) };
  const options = { ...files, profile, ignoreCache: true, clientConfig, parentClientConfig };
  try {
    const found = await waitFor(sdk[name](options)(), signal);
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = found;
    return awsCredentials(accessKeyId, secretAccessKey, sessionToken, expiration?.getTime());
  } catch (cause) {
    signal.throwIfAborted();
    if (failure) throw failure;
    // The messages of the SDK may quote commands and responses.
    const kind = cause instanceof Error ? cause.name : "unknown error";
    const message = `${what} provides no credentials (${kind}); test it with: aws sts get-caller-identity --profile ${profile}`;
    throw new AgentError("denied", message, { cause });
  }
}

function sendFor(send: Send, request: SdkRequest, signal: AbortSignal): ReturnType<Send> {
  const { method, protocol, hostname, port, path, query = {}, headers, body } = request;
  const url = new URL(`${protocol}//${hostname}${path}`);
  if (port !== undefined) url.port = `${port}`;
  for (const [name, value] of Object.entries(query))
    for (const one of [value ?? ""].flat()) url.searchParams.append(name, one);
  return send(
    {
      method: method === "GET" ? method : "POST",
      url,
      headers,
      body: body === undefined ? undefined : Buffer.from(body),
      maxBytes: MAX_BYTES,
    },
    signal,
  );
}

import { readFile } from "node:fs/promises";

import { fileShown } from "../../core/shown-path.ts";
import type { Clock } from "../../core/clock.ts";
import { AgentError } from "../../core/error.ts";
import { parseJsonObject } from "../../core/json.ts";
import type { HttpResponse, Send } from "../../http/client.ts";
import { httpClient } from "../../http/client.ts";
import { statusError } from "../../http/status-error.ts";
import type { AwsCredentials } from "./signature-v4.ts";
import { parseCredentials, roleCredentials, stsEndpoint } from "./sts.ts";
import { valueOf } from "../context.ts";
import type { Variables } from "../context.ts";

const MAX_BYTES = 64 * 1024;
/** Without a metadata server, nothing answers. */
const METADATA_MS = 1000;
const CONTAINER = "http://169.254.170.2";
const INSTANCE = "http://169.254.169.254";
const ROLES = "/latest/meta-data/iam/security-credentials/";
/** AWS's maximum. */
const TOKEN_SECONDS = "21600";

/**
 * Credentials of this machine, in restic's order: a token of its orchestrator, the role of its container, the role of the instance.
 * @returns the reason if none is set up
 * @throws AgentError if one is set up and fails
 */
export async function ofMachine(
  environment: Variables,
  send: Send,
  clock: Clock,
  signal: AbortSignal,
): Promise<AwsCredentials | string> {
  const variable = (name: string): string | undefined => valueOf(environment, name);
  const tokenFile = variable("AWS_WEB_IDENTITY_TOKEN_FILE");
  if (tokenFile !== undefined) {
    const given = variable("AWS_ENDPOINT_URL_STS");
    return roleCredentials(
      {
        endpoint:
          given === undefined
            ? stsEndpoint(variable("AWS_REGION"))
            : addressOf(given, "AWS_ENDPOINT_URL_STS"),
        action: "AssumeRoleWithWebIdentity",
        parameters: {
          RoleArn: variable("AWS_ROLE_ARN"),
          RoleSessionName: variable("AWS_ROLE_SESSION_NAME") ?? "restic-otel",
          WebIdentityToken: await tokenOf(tokenFile, "AWS_WEB_IDENTITY_TOKEN_FILE"),
        },
      },
      send,
      clock,
      signal,
    );
  }
  const relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const full = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (relative !== undefined || full !== undefined) {
    const address =
      relative === undefined
        ? addressOf(full ?? "", "AWS_CONTAINER_CREDENTIALS_FULL_URI")
        : addressOf(CONTAINER + relative, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    return ofContainer(address, environment, clock, signal);
  }
  if (variable("AWS_EC2_METADATA_DISABLED")?.toLowerCase() === "true")
    return "the instance role is disabled (AWS_EC2_METADATA_DISABLED)";
  return ofInstance(variable("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? INSTANCE, clock, signal);
}

/** Metadata servers are on this machine or its link: no proxy reaches them. */
const metadataClient = (): Send =>
  httpClient({ connections: 1, proxyEnvironment: {}, requestTimeoutMs: METADATA_MS });

async function ofContainer(
  url: URL,
  environment: Variables,
  clock: Clock,
  signal: AbortSignal,
): Promise<AwsCredentials> {
  const file = valueOf(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  const token =
    file === undefined
      ? valueOf(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN")
      : await tokenOf(file, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  const headers = token === undefined ? {} : { authorization: token };
  const response = await metadataClient()({ url, headers, maxBytes: MAX_BYTES }, signal);
  return credentialsOf(response, `the role of the container at ${url.host}`, clock);
}

/** IMDSv2 needs a token; without one, try IMDSv1. */
async function ofInstance(
  base: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<AwsCredentials | string> {
  const send = metadataClient();
  const root = addressOf(base, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
  const at = (path: string): URL => new URL(path, root);
  const ttl = { "x-aws-ec2-metadata-token-ttl-seconds": TOKEN_SECONDS };
  const token = await unlessUnreachable(
    send(
      { method: "PUT", url: at("/latest/api/token"), headers: ttl, maxBytes: MAX_BYTES },
      signal,
    ),
  );
  const headers: Record<string, string> =
    token?.status === 200 ? { "x-aws-ec2-metadata-token": token.body.toString() } : {};
  const roles = await unlessUnreachable(
    send({ url: at(ROLES), headers, maxBytes: MAX_BYTES }, signal),
  );
  if (!roles) return `this machine has no instance role (${root.host} does not answer)`;
  if (roles.status === 404) return "this instance has no role";
  const what = `the role of this machine at ${root.host}`;
  if (roles.status !== 200) throw statusError(roles, what, clock);
  const [role = ""] = roles.body.toString().split(/\r?\n/);
  if (!/^[\w+=,.@-]{1,128}$/.test(role))
    throw new AgentError("other", `${what}: the response names no role`);
  const url = at(ROLES + encodeURIComponent(role));
  return credentialsOf(await send({ url, headers, maxBytes: MAX_BYTES }, signal), what, clock);
}

async function unlessUnreachable(answer: Promise<HttpResponse>): Promise<HttpResponse | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof AgentError && (error.code === "timeout" || error.code === "unreachable"))
      return undefined;
    throw error;
  }
}

function credentialsOf(response: HttpResponse, what: string, clock: Clock): AwsCredentials {
  if (response.status !== 200) throw statusError(response, what, clock);
  const credentials = parseCredentials(parseJsonObject(response.body));
  if (!credentials) throw new AgentError("other", `${what}: the response has no credentials`);
  return credentials;
}

/** Read each time: the orchestrator replaces the token. */
async function tokenOf(file: string, variable: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (cause) {
    throw new AgentError("secret", `${variable}: ${fileShown(file)} cannot be read`, { cause });
  }
}

function addressOf(text: string, variable: string): URL {
  const url = URL.parse(text);
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new AgentError("config", `${variable} is not an address`);
}

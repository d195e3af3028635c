import type { Clock } from "../../core/clock.ts";
import { AgentError } from "../../core/error.ts";
import type { Secret } from "../../core/secret.ts";
import { ofAlias, ofProfile } from "./credential-files.ts";
import { ofMachine } from "./machine-identity.ts";
import { ofSdkProfile } from "./sdk-profile.ts";
import type { ProfileOptions } from "./sdk-profile.ts";
import type { AwsCredentials } from "./signature-v4.ts";
import { roleCredentials, stsEndpoint } from "./sts.ts";
import { renewable } from "../object-store/renewable.ts";
import type { Renewable } from "../object-store/renewable.ts";
import { valueOf } from "../context.ts";
import type { Variables } from "../context.ts";

interface KeysOptions extends ProfileOptions {
  readonly clock: Clock;
}

const MARGIN_MS = 5 * 60_000;

/** Throws an AgentError if no credentials are found, or a role is denied. */
export function awsKeys(options: KeysOptions): Renewable<AwsCredentials> {
  const hasRole = valueOf(options.environment, "RESTIC_AWS_ASSUME_ROLE_ARN") !== undefined;
  return renewable(
    async (signal) => {
      const own = await chain(options, signal);
      return hasRole ? assumed(own, options, signal) : own;
    },
    options.clock,
    MARGIN_MS,
  );
}

/** Whether both are the same keys. */
export function isSame(a: AwsCredentials, b: AwsCredentials): boolean {
  return (
    a.accessKeyId.equals(b.accessKeyId) &&
    a.secretAccessKey.equals(b.secretAccessKey) &&
    a.sessionToken?.revealText() === b.sessionToken?.revealText()
  );
}

/**
 * In restic's order: variables of AWS and MinIO, the shared file, the file of MinIO's client, the identity of this machine. Then profiles
 * that restic does not support.
 */
async function chain(options: KeysOptions, signal: AbortSignal): Promise<AwsCredentials> {
  const { environment, where, send, clock } = options;
  const named = ofVariables(environment);
  if (named) return named;
  const reasons: string[] = [];
  for (const find of [ofProfile, ofAlias]) {
    const found = await find(environment);
    if (typeof found !== "string") return found;
    reasons.push(found);
  }
  const found = await ofMachine(environment, send, clock, signal);
  if (typeof found !== "string") return found;
  const ofSdk = await ofSdkProfile(options, signal);
  if (ofSdk) return ofSdk;
  throw new AgentError(
    "config",
    `${where}: no credentials found: AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is not set, ${[...reasons, found].join(", ")}; for a public bucket set the option s3.unsafe-anonymous-auth`,
  );
}

const PAIRS = [
  [
    ["AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"],
    ["AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"],
    "AWS_SESSION_TOKEN",
  ],
  [["MINIO_ROOT_USER"], ["MINIO_ROOT_PASSWORD"], ""],
  [["MINIO_ACCESS_KEY"], ["MINIO_SECRET_KEY"], ""],
] as const;

function ofVariables(environment: Variables): AwsCredentials | undefined {
  const first = (names: readonly string[]): Secret | undefined =>
    names.map((name) => environment[name]).find((secret) => secret && !secret.isEmpty);
  for (const [ids, keys, token] of PAIRS) {
    const accessKeyId = first(ids);
    const secretAccessKey = first(keys);
    if (accessKeyId && secretAccessKey)
      return { accessKeyId, secretAccessKey, sessionToken: first([token]) };
  }
  return undefined;
}

/** Assumes the role that restic's own variables name. */
function assumed(
  credentials: AwsCredentials,
  { environment, region: ofBucket, send, clock }: KeysOptions,
  signal: AbortSignal,
): Promise<AwsCredentials> {
  const variable = (name: string): string | undefined =>
    valueOf(environment, `RESTIC_AWS_ASSUME_ROLE_${name}`);
  const region = variable("REGION") ?? ofBucket;
  const given = variable("STS_ENDPOINT");
  const endpoint = given === undefined ? stsEndpoint(region) : URL.parse("/", given);
  if (!endpoint)
    throw new AgentError("config", "RESTIC_AWS_ASSUME_ROLE_STS_ENDPOINT is not an address");
  return roleCredentials(
    {
      endpoint,
      action: "AssumeRole",
      parameters: {
        RoleArn: variable("ARN"),
        RoleSessionName: variable("SESSION_NAME") ?? "restic-otel",
        DurationSeconds: "3600",
        ExternalId: variable("EXTERNAL_ID"),
        Policy: variable("POLICY"),
      },
      signer: { credentials, region: region ?? "us-east-1" },
    },
    send,
    clock,
    signal,
  );
}

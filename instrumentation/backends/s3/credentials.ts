import type { Clock } from "../../core/clock.ts";
import { AgentError } from "../../core/error.ts";
import { limit } from "../../core/limit.ts";
import { Secret } from "../../core/secret.ts";
import type { Send } from "../../http/client.ts";
import { ofAlias, ofProfile } from "./credential-files.ts";
import { ofMachine } from "./machine-identity.ts";
import { ofSdkProfile } from "./sdk-profile.ts";
import type { LoadProviders } from "./sdk-profile.ts";
import type { AwsCredentials } from "./signature-v4.ts";
import { roleCredentials, stsEndpoint } from "./sts.ts";
import { valueOf } from "../context.ts";
import type { Variables } from "../context.ts";

/** Caches credentials and replaces them before they expire. */
export interface AwsKeys {
  /** @throws AgentError if no credentials are found, or a role is denied */
  current(signal: AbortSignal): Promise<AwsCredentials>;
  /** Other credentials than the rejected ones; undefined: there are none. */
  renewed(rejected: AwsCredentials, signal: AbortSignal): Promise<AwsCredentials | undefined>;
}

interface KeysOptions {
  /** The repository's variables: the environment of the process does not count. */
  readonly environment: Variables;
  /** The configured region of the bucket. */
  readonly region: string | undefined;
  /** Prefix of the message if no credentials are found. */
  readonly where: string;
  readonly send: Send;
  readonly clock: Clock;
  readonly loadProviders?: LoadProviders | undefined;
}

/** Replace credentials this long before they expire: a clock may be late, and a request takes a while. */
const MARGIN_MS = 5 * 60_000;
/** Between attempts to replace credentials that are still valid. */
const PAUSE_MS = 60_000;

export function awsKeys(options: KeysOptions): AwsKeys {
  const { clock } = options;
  const oneByOne = limit(1);
  let known: AwsCredentials | undefined;
  let askedAt = -Infinity;

  const isFresh = ({ expiresAt = Infinity }: AwsCredentials, marginMs: number): boolean =>
    expiresAt - clock.now() > marginMs;

  async function resolve(signal: AbortSignal): Promise<AwsCredentials> {
    askedAt = clock.monotonicMs();
    const own = await chain(options, signal);
    return valueOf(options.environment, "RESTIC_AWS_ASSUME_ROLE_ARN") === undefined
      ? own
      : assumed(own, options, signal);
  }

  return {
    current: (signal) =>
      oneByOne(async () => {
        const pausing = clock.monotonicMs() - askedAt < PAUSE_MS;
        if (known && isFresh(known, pausing ? 0 : MARGIN_MS)) return known;
        try {
          known = await resolve(signal);
        } catch (error) {
          if (!known || !isFresh(known, 0) || signal.aborted) throw error;
        }
        return known;
      }, signal),
    renewed: (rejected, signal) =>
      oneByOne(async () => {
        // Another request may have replaced them meanwhile.
        if (known === undefined || isSame(known, rejected)) known = await resolve(signal);
        return isSame(known, rejected) ? undefined : known;
      }, signal),
  };
}

function isSame(a: AwsCredentials, b: AwsCredentials): boolean {
  const [token, other] = [a, b].map(({ sessionToken }) => sessionToken ?? new Secret(""));
  return (
    a.accessKeyId.equals(b.accessKeyId) &&
    a.secretAccessKey.equals(b.secretAccessKey) &&
    token !== undefined &&
    other !== undefined &&
    token.equals(other)
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

import { createHmac, createSecretKey, hash } from "node:crypto";
import type { KeyObject } from "node:crypto";

import { Secret } from "../../core/secret.ts";
import { awsStamp } from "../object-store/server-time.ts";

/** Keys of an account, or temporary keys of a role. */
export interface AwsCredentials {
  readonly accessKeyId: Secret;
  readonly secretAccessKey: Secret;
  readonly sessionToken?: Secret | undefined;
  /** Milliseconds since the epoch; undefined: never. */
  readonly expiresAt?: number | undefined;
}

export function awsCredentials(
  id: string,
  key: string,
  token?: string,
  expiresAt?: number,
): AwsCredentials {
  return {
    accessKeyId: new Secret(id),
    secretAccessKey: new Secret(key),
    sessionToken: token ? new Secret(token) : undefined,
    expiresAt,
  };
}

interface Signed {
  readonly method: "GET" | "POST" | "PUT";
  /** Path and query are encoded by `encodeAws`. */
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly service: "s3" | "sts";
  readonly region: string;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly at: number;
}

/** The headers of a request with its signature. AWS Signature Version 4, "Create a signed AWS API request". */
export function signedHeaders(
  { method, url, headers = {}, body = new Uint8Array(), service, region, at }: Signed,
  credentials: AwsCredentials,
): Readonly<Record<string, string>> {
  const { accessKeyId, sessionToken } = credentials;
  const stamp = awsStamp(at);
  const payload = sha256(body);
  const sent: Record<string, string> = {
    ...headers,
    "x-amz-date": stamp,
    ...(service === "s3" && { "x-amz-content-sha256": payload }),
    ...(sessionToken && { "x-amz-security-token": sessionToken.revealText() }),
  };
  const signed = Object.entries({ ...sent, host: url.host }).toSorted(byName);
  const names = signed.map(([name]) => name).join(";");
  const query = [...url.searchParams].map(
    ([name, value]) => [encodeAws(name), encodeAws(value)] as const,
  );
  const canonical = [
    method,
    url.pathname,
    query
      .toSorted(byName)
      .map((pair) => pair.join("="))
      .join("&"),
    ...signed.map(([name, value]) => `${name}:${value.trim()}`),
    "",
    names,
    payload,
  ].join("\n");
  const scope = `${stamp.slice(0, 8)}/${region}/${service}/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", stamp, scope, sha256(canonical)].join("\n");
  const credential = `${accessKeyId.revealText()}/${scope}`;
  const signature = hmac(signingKey(credentials, scope), toSign).toString("hex");
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

/** The signing key of the last scope: deriving it takes several times as long as a signature. */
const keys = new WeakMap<AwsCredentials, { readonly scope: string; readonly key: KeyObject }>();

function signingKey(credentials: AwsCredentials, scope: string): KeyObject {
  const known = keys.get(credentials);
  if (known?.scope === scope) return known.key;
  let bytes: Buffer = Buffer.from(`AWS4${credentials.secretAccessKey.revealText()}`);
  for (const part of scope.split("/")) bytes = hmac(createSecretKey(bytes), part);
  const key = createSecretKey(bytes);
  keys.set(credentials, { scope, key });
  return key;
}

/** Percent-encodes all but unreserved characters. */
export function encodeAws(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : Number(a > b);
}

function sha256(data: string | Uint8Array): string {
  return hash("sha256", data, "hex");
}

function hmac(key: KeyObject, data: string): Buffer {
  return createHmac("sha256", key).update(data).digest();
}

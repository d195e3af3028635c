import type { Clock } from "../../core/clock.ts";
import { AgentError } from "../../core/error.ts";
import { textMember } from "../../core/json.ts";
import type { JsonObject } from "../../core/json.ts";
import type { HttpResponse, Send } from "../../http/client.ts";
import { statusError } from "../../http/status-error.ts";
import { awsCredentials, signedHeaders } from "./signature-v4.ts";
import type { AwsCredentials } from "./signature-v4.ts";
import { parseServerTime } from "../object-store/server-time.ts";
import { childText, parseXml } from "../object-store/xml.ts";
import type { XmlElement } from "../object-store/xml.ts";

const VERSION = "2011-06-15";
const MAX_BYTES = 64 * 1024;

interface StsCall {
  readonly endpoint: URL;
  /** `AssumeRole` or `AssumeRoleWithWebIdentity`; empty parameters are left out. */
  readonly action: string;
  readonly parameters: Readonly<Record<string, string | undefined>>;
  /** undefined: an unsigned call. */
  readonly signer?: { readonly credentials: AwsCredentials; readonly region: string };
}

/** The endpoint of a region, or the global one. */
export function stsEndpoint(region: string | undefined): URL {
  const host = region === undefined ? "sts.amazonaws.com" : `sts.${region}.amazonaws.com`;
  return new URL(`https://${host}${region?.startsWith("cn-") === true ? ".cn" : ""}/`);
}

/** Temporary credentials of a role, from the Security Token Service. @throws AgentError `denied` if the role is denied */
export async function roleCredentials(
  { endpoint, action, parameters, signer }: StsCall,
  send: Send,
  clock: Clock,
  signal: AbortSignal,
): Promise<AwsCredentials> {
  const form = new URLSearchParams({ Action: action, Version: VERSION });
  for (const [name, value] of Object.entries(parameters)) if (value) form.set(name, value);
  const body = Buffer.from(form.toString());
  const type = { "content-type": "application/x-www-form-urlencoded" };
  const headers = signer
    ? signedHeaders(
        {
          method: "POST",
          url: endpoint,
          headers: type,
          body,
          service: "sts",
          region: signer.region,
          at: clock.now(),
        },
        signer.credentials,
      )
    : type;
  const response = await send(
    { method: "POST", url: endpoint, headers, body, maxBytes: MAX_BYTES },
    signal,
  );
  const what = `${action} of ${parameters["RoleArn"] ?? "a role"} at ${endpoint.host}`;
  const root = parseXml(response.body);
  if (response.status !== 200) throw stsError(response, root, what, clock);
  const result = root?.children.find(({ name }) => name === `${action}Result`);
  const found = result?.children.find(({ name }) => name === "Credentials");
  const credentials = parseCredentials({
    AccessKeyId: childText(found, "AccessKeyId"),
    SecretAccessKey: childText(found, "SecretAccessKey"),
    Token: childText(found, "SessionToken"),
    Expiration: childText(found, "Expiration"),
  });
  if (!credentials) throw new AgentError("other", `${what}: the response has no credentials`);
  return credentials;
}

/** The credentials in a response of a metadata server. */
export function parseCredentials(answer: JsonObject): AwsCredentials | undefined {
  const id = textMember(answer, "AccessKeyId");
  const key = textMember(answer, "SecretAccessKey");
  if (id === undefined || key === undefined) return undefined;
  const expiresAt = parseServerTime(answer["Expiration"]);
  return awsCredentials(id, key, textMember(answer, "Token"), expiresAt);
}

function stsError(
  response: HttpResponse,
  root: XmlElement | undefined,
  what: string,
  clock: Clock,
): AgentError {
  const code =
    childText(
      root?.children.find(({ name }) => name === "Error"),
      "Code",
    ) ?? "";
  const { status } = response;
  if (status < 400 || status >= 500 || status === 429 || !/^[A-Za-z]{1,60}$/.test(code))
    return statusError(response, what, clock);
  return new AgentError("denied", `${what}: the role is denied (${status} ${code})`);
}

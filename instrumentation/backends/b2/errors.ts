import type { Clock } from "../../core/clock.ts";
import { AgentError } from "../../core/error.ts";
import { parseJsonObject, textMember } from "../../core/json.ts";
import type { HttpResponse } from "../../http/client.ts";
import { statusError } from "../../http/status-error.ts";
import { MissingPlaceError } from "../backend.ts";

/** The service's name in messages. */
export const B2 = "Backblaze B2";

/** B2's error code. Its message is not shown: it may contain anything. */
export function failureCode(response: HttpResponse): string | undefined {
  const code = textMember(parseJsonObject(response.body), "code");
  return code !== undefined && /^[a-z][a-z_]{1,60}$/.test(code) ? code : undefined;
}

/**
 * The error for a status other than 200.
 * @param what the file or folder, and the host
 * @param hint advice if access is denied
 */
export function b2Error(
  response: HttpResponse,
  what: string,
  hint: string,
  clock: Clock,
): AgentError {
  const { status } = response;
  const code = failureCode(response);
  const said = code === undefined ? `${status}` : `${status} ${code}`;
  if (code?.endsWith("cap_exceeded") === true)
    return new AgentError(
      "denied",
      `${what}: a cap of the account is exceeded (${said}): raise it under Caps & Alerts, or wait for midnight UTC`,
    );
  if (code === "bad_bucket_id")
    return new MissingPlaceError(`${what}: the bucket no longer exists (${said})`);
  if (status === 401 || status === 403)
    return new AgentError("denied", `${what}: access denied (${said}): ${hint}`);
  if (status >= 400 && status < 500 && status !== 404 && status !== 429)
    return new AgentError("other", `${what}: the server answers ${said}`);
  return statusError(response, what, clock);
}

import type { Clock } from "../../core/clock.ts";
import { AgentError } from "../../core/error.ts";
import { isJsonObject, parseJsonObject, textMember } from "../../core/json.ts";
import type { HttpResponse } from "../../http/client.ts";
import { statusError } from "../../http/status-error.ts";

/** The reason in an error response, such as `rateLimitExceeded`. Its message is not shown: it may contain anything. */
function reasonOf({ body }: HttpResponse): string | undefined {
  const error = parseJsonObject(body)["error"];
  const [first]: readonly unknown[] =
    isJsonObject(error) && Array.isArray(error["errors"]) ? error["errors"] : [];
  const reason = isJsonObject(first) ? textMember(first, "reason") : undefined;
  return reason !== undefined && /^[A-Za-z]{1,60}$/.test(reason) ? reason : undefined;
}

/** Source: Cloud Storage JSON API, "HTTP status and error codes". */
const NO_PAYMENT: ReadonlySet<string | undefined> = new Set([
  "accountDisabled",
  "UserProjectAccountProblem",
]);

/**
 * The error for a status other than 200, unless the bucket is missing.
 * @param what the object or folder, and the host
 */
export function gsError(response: HttpResponse, what: string, clock: Clock): AgentError {
  const { status } = response;
  if (status === 401)
    return new AgentError(
      "denied",
      `${what}: access denied (401): GOOGLE_APPLICATION_CREDENTIALS or GOOGLE_ACCESS_TOKEN must belong to an existing account and not be expired`,
    );
  if (status !== 403) return statusError(response, what, clock);
  const reason = reasonOf(response);
  const said = reason === undefined ? "403" : `403 ${reason}`;
  if (reason !== undefined && /rateLimitExceeded$/i.test(reason))
    return new AgentError("unreachable", `${what}: the server answers ${said}`, {
      transient: true,
    });
  if (reason !== undefined && /quota|limitExceeded/i.test(reason))
    return new AgentError(
      "denied",
      `${what}: a quota of the project is exceeded (${said}): raise it, or wait until it is reset`,
    );
  if (NO_PAYMENT.has(reason))
    return new AgentError(
      "denied",
      `${what}: the billing account of the project is disabled (${said})`,
    );
  return new AgentError(
    "denied",
    `${what}: access denied (${said}): grant storage.objects.list and storage.objects.get, for example by the role Storage Object Viewer`,
  );
}

import type { Clock } from "../../core/clock.ts";
import { AgentError } from "../../core/error.ts";
import type { HttpResponse } from "../../http/client.ts";
import { statusError } from "../../http/status-error.ts";
import { MissingPlaceError } from "../backend.ts";
import { childText, parseXml } from "../object-store/xml.ts";

/** The error code of the service. Its message is not shown: it contains the string that was signed. */
export function azureFailure({ headers, body }: HttpResponse): string | undefined {
  const code = headers["x-ms-error-code"] ?? childText(parseXml(body), "Code");
  return code !== undefined && /^[A-Za-z]{1,60}$/.test(code) ? code : undefined;
}

const NO_CONTAINER: ReadonlySet<string | undefined> = new Set([
  "ContainerNotFound",
  "ContainerBeingDeleted",
  "ContainerDisabled",
]);

/**
 * The error for a status other than 200.
 * @param what the object or folder, and the host
 * @param hint advice if access is denied
 */
export function azureError(
  response: HttpResponse,
  code: string | undefined,
  what: string,
  hint: string,
  clock: Clock,
): AgentError {
  const { status } = response;
  const said = code === undefined ? `${status}` : `${status} ${code}`;
  if (NO_CONTAINER.has(code))
    return new MissingPlaceError(`${what}: the container does not exist (${said})`);
  if (status === 401 || status === 403)
    return new AgentError("denied", `${what}: access denied (${said}): ${hint}`);
  if (code === "BlobArchived")
    return new AgentError("other", `${what}: the blob is archived, rehydrate it first (${said})`);
  if (status >= 400 && status < 500 && status !== 404 && status !== 429)
    return new AgentError("other", `${what}: the server answers ${said}`);
  return statusError(response, what, clock);
}

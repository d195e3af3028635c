import type { Clock } from "../../core/clock.ts";
import { AgentError } from "../../core/error.ts";
import type { HttpResponse } from "../../http/client.ts";
import { statusError } from "../../http/status-error.ts";
import { MissingPlaceError } from "../backend.ts";
import { childText, parseXml } from "../object-store/xml.ts";

/** The word that the service gives for a failure. Its sentences are not shown: they hold what was signed. */
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
 * The error that an answer is which is not 200.
 * @param what says what was asked for, and of whom
 * @param hint what to do if it is denied
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
    return new MissingPlaceError(`${what}: the container is not there (${said})`);
  if (status === 401 || status === 403)
    return new AgentError("denied", `${what}: access denied (${said}): ${hint}`);
  if (code === "BlobArchived")
    return new AgentError("other", `${what}: is archived and must be rehydrated first (${said})`);
  if (status >= 400 && status < 500 && status !== 404 && status !== 429)
    return new AgentError("other", `${what}: the server answers ${said}`);
  return statusError(response, what, clock);
}

export function notAzure(what: string, { headers }: HttpResponse): AgentError {
  const type = headers["content-type"] ?? "no content type";
  return new AgentError(
    "other",
    `${what}: answers 200 with ${type} in place of a listing: no Blob Storage, or something else in front of it`,
  );
}

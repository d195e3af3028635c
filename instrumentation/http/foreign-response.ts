import { AgentError } from "../core/error.ts";
import type { HttpResponse } from "./client.ts";

/**
 * The error for a response with status 200 that is not what the service sends.
 * @param service with its article, if it has one
 */
export function foreignResponse(
  what: string,
  { headers }: HttpResponse,
  service: string,
): AgentError {
  const type = headers["content-type"] ?? "no content type";
  return new AgentError(
    "other",
    `${what}: the server answers 200 with ${type}, but not as ${service} does: is a proxy or a login page in front of it?`,
  );
}

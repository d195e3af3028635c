import { encodePath } from "../../http/url-path.ts";
import { AgentError } from "../../core/error.ts";
import { isJsonObject, parseJson, textMember } from "../../core/json.ts";
import type { HttpResponse } from "../../http/client.ts";
import { httpClient } from "../../http/client.ts";
import { foreignResponse } from "../../http/foreign-response.ts";
import { statusError } from "../../http/status-error.ts";
import { MissingPlaceError } from "../backend.ts";
import type { Backend } from "../backend.ts";
import type { BackendContext } from "../context.ts";
import { httpOptions } from "../http-options.ts";
import type { ContainerLocation } from "../object-store/container-location.ts";
import {
  MAX_PAGE_BYTES,
  objectsIn,
  objectStoreBackend,
  queryString,
} from "../object-store/object-store.ts";
import { swiftLogin } from "./auth.ts";

/** restic's page size. The default maximum of a server is 10,000. */
const PAGE = 1000;

interface Answer {
  readonly response: HttpResponse;
  /** The object or folder, and the host. */
  readonly what: string;
}

/**
 * A container of OpenStack Swift. Unlike restic, it never creates the container.
 * Source: Object Storage API v1, "Show container details and list objects", "Get object content and metadata".
 * @throws AgentError `config` for missing or unusable variables
 */
export async function openSwift(
  { container, prefix }: ContainerLocation<"swift">,
  context: BackendContext,
  idleMs?: number,
): Promise<Backend> {
  const { environment, clock } = context;
  const where = `swift:${container}:/`;
  const send = httpClient(await httpOptions(context, idleMs));
  const login = swiftLogin({ environment, where, send, clock });

  async function get(
    path: string,
    name: string,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<Answer> {
    const answer = await login.use(
      async ({ storageUrl, token }) => {
        const url = new URL(`${storageUrl}/${encodeURIComponent(container)}${path}`);
        const headers = { "x-auth-token": token.revealText() };
        const response = await send({ url, headers, maxBytes }, signal);
        return { response, what: `${where}${name} at ${url.host}` };
      },
      ({ response }, { renews }) => response.status === 401 && renews,
      signal,
    );
    // Some servers answer an empty listing with 204.
    if (answer.response.status === 200 || answer.response.status === 204) return answer;
    throw swiftError(answer, name);
  }

  function swiftError({ response, what }: Answer, name: string): AgentError {
    const { status } = response;
    if (status === 401 || status === 403)
      return new AgentError(
        "denied",
        `${what}: access denied (${status}): the user needs to read and list this container (X-Container-Read with .rlistings, or a role), and a token must not be expired`,
      );
    // A missing folder is listed as empty.
    if (status === 404 && name.endsWith("/"))
      return new MissingPlaceError(`${what}: the container ${container} does not exist (404)`);
    // Rate limiting of the proxy server.
    return statusError(status === 498 ? { ...response, status: 429 } : response, what, clock);
  }

  return objectStoreBackend(context, {
    where,
    prefix,
    async list({ folder, prefix: wanted, deep }, from, signal) {
      const query = queryString({
        format: "json",
        prefix: wanted,
        delimiter: deep ? undefined : "/",
        marker: from,
        limit: `${PAGE}`,
      });
      const { response, what } = await get(`?${query}`, folder, MAX_PAGE_BYTES, signal);
      const entries = response.status === 204 ? [] : parseJson(response.body);
      if (!Array.isArray(entries)) throw foreignResponse(what, response, "OpenStack Swift");
      return {
        objects: objectsIn(entries, "bytes"),
        next: entries.length < PAGE ? undefined : markerOf(entries.at(-1)),
        receivedBytes: response.body.length,
      };
    },
    async load(name, maxBytes, signal) {
      return (await get(`/${encodePath(name)}`, name, maxBytes, signal)).response.body;
    },
  });
}

/** The next page begins after this object, or folder of objects. */
function markerOf(entry: unknown): string | undefined {
  return isJsonObject(entry)
    ? (textMember(entry, "name") ?? textMember(entry, "subdir"))
    : undefined;
}

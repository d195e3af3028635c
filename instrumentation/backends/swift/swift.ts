import { posix } from "node:path";

import { encodePath } from "../../core/encode-path.ts";
import { AgentError } from "../../core/error.ts";
import { isJsonObject, parseJson, textMember } from "../../core/json.ts";
import type { HttpResponse } from "../../http/client.ts";
import { httpClient } from "../../http/client.ts";
import { statusError } from "../../http/status-error.ts";
import { MAX_LISTING_BYTES, MAX_SIZE_BYTES, MissingPlaceError } from "../backend.ts";
import type { Backend } from "../backend.ts";
import type { ContainerLocation } from "../object-store/container-location.ts";
import { httpOptions } from "../http-options.ts";
import {
  listingError,
  namingPlace,
  objectPath,
  queryString,
} from "../object-store/object-store.ts";
import type { BackendContext } from "../context.ts";
import { swiftLogin } from "./auth.ts";

/** As restic asks; a server may be set up to give no more than 10,000. */
const PAGE = 1000;

interface Request {
  /** Behind the container. */
  readonly path: string;
  /** The file or folder, without the container. */
  readonly shown: string;
  /** A folder that is not there is listed as empty: 404 is the container. */
  readonly listing?: boolean;
  readonly maxBytes: number;
}

/**
 * A container of OpenStack's object storage. It is never made, as restic does when it opens one.
 * Source: Object Storage API v1, "Show container details and list objects", "Get object content and metadata".
 * @throws AgentError `config` for variables that are missing or no use
 */
export async function openSwift(
  { container, prefix }: ContainerLocation<"swift">,
  context: BackendContext,
  idleMs?: number,
): Promise<Backend> {
  const { environment, connections, clock } = context;
  const where = `swift:${container}:/`;
  const send = httpClient(await httpOptions(context, idleMs));
  const login = swiftLogin({ environment, where, send, clock });
  const root = prefix === "" ? "" : `${prefix}/`;

  /** A token that is refused is got anew, once; so is the address, which belongs to it. */
  async function ask(
    { path, shown, listing, maxBytes }: Request,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    let session = await login.current(signal);
    for (let renewed = false; ; renewed = true) {
      const url = new URL(`${session.storageUrl}/${encodeURIComponent(container)}${path}`);
      const headers = { "x-auth-token": session.token.revealText() };
      const response = await send({ url, headers, maxBytes }, signal);
      // An empty listing is 204 in some forms.
      if (response.status === 200 || response.status === 204) return response;
      const what = `${where}${shown} at ${url.host}`;
      if (response.status === 401 && !renewed && session.renews)
        session = await login.renewed(session, signal);
      else if (response.status === 401 || response.status === 403)
        throw new AgentError(
          "denied",
          `${what}: access denied (${response.status}): the user needs to read and list this container (X-Container-Read with .rlistings, or a role), and a token must not be expired`,
        );
      else if (response.status === 404 && listing === true)
        throw new MissingPlaceError(`${what}: the container ${container} is not there (404)`);
      // Rate limiting of the proxy server.
      else if (response.status === 498)
        throw statusError({ ...response, status: 429 }, what, clock);
      else throw statusError(response, what, clock);
    }
  }

  return namingPlace(`swift:${container}`, {
    location: where + prefix,
    connections,
    async list(type, from, signal) {
      const folder = `${root}${type}/`;
      const query = queryString({
        format: "json",
        prefix: folder,
        // Packs lie in 256 folders.
        ...(type !== "data" && { delimiter: "/" }),
        ...(from !== undefined && { marker: from }),
        limit: `${PAGE}`,
      });
      const request = {
        path: `?${query}`,
        shown: folder,
        listing: true,
        maxBytes: MAX_LISTING_BYTES,
      };
      const response = await ask(request, signal).catch((error: unknown) => {
        throw listingError(error);
      });
      const entries = response.status === 204 ? [] : parseJson(response.body);
      if (!Array.isArray(entries)) {
        const { host } = new URL((await login.current(signal)).storageUrl);
        throw notSwift(`${where}${folder} at ${host}`, response);
      }
      return {
        names: entries.flatMap(nameOf),
        next: entries.length < PAGE ? undefined : lastName(entries.at(-1)),
        receivedBytes: response.body.length,
      };
    },
    async load(type, name, signal) {
      const path = root + objectPath(type, name);
      const maxBytes = MAX_SIZE_BYTES[type];
      return (await ask({ path: `/${encodePath(path)}`, shown: path, maxBytes }, signal)).body;
    },
  });
}

function notSwift(what: string, { headers }: HttpResponse): AgentError {
  const type = headers["content-type"] ?? "no content type";
  return new AgentError(
    "other",
    `${what}: answers 200 with ${type} in place of a listing: no Swift, or something else in front of it`,
  );
}

/** What the next page begins behind: an object, or a folder of objects. */
function lastName(entry: unknown): string | undefined {
  return isJsonObject(entry)
    ? (textMember(entry, "name") ?? textMember(entry, "subdir"))
    : undefined;
}

/** Folders stand there as `subdir`. */
function nameOf(entry: unknown): readonly string[] {
  const name = isJsonObject(entry) ? posix.basename(textMember(entry, "name") ?? "") : "";
  return name === "" ? [] : [name];
}

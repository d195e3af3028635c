import { posix } from "node:path";

import { AgentError } from "../../core/error.ts";
import { isJsonObject, parseJson, parseJsonObject, textMember } from "../../core/json.ts";
import type { HttpResponse } from "../../http/client.ts";
import { httpClient } from "../../http/client.ts";
import { statusError } from "../../http/status-error.ts";
import { MAX_LISTING_BYTES, MAX_SIZE_BYTES, MissingPlaceError } from "../backend.ts";
import type { Backend } from "../backend.ts";
import type { ContainerLocation } from "../object-store/container-location.ts";
import { googleLogin } from "./auth.ts";
import { httpOptions } from "../http-options.ts";
import {
  listingError,
  namingPlace,
  objectPath,
  queryString,
} from "../object-store/object-store.ts";
import type { BackendContext } from "../context.ts";
import { valueOf } from "../context.ts";

/** The most that the service gives at once. */
const PAGE = 1000;

interface Request {
  /** Behind the bucket. */
  readonly path: string;
  /** The file or folder, without the bucket. */
  readonly shown: string;
  /** A folder that is not there is listed as empty: 404 is the bucket. */
  readonly listing?: boolean;
  readonly maxBytes: number;
}

/**
 * A bucket of Google Cloud Storage, by its JSON API; `STORAGE_EMULATOR_HOST` names an emulator, which needs no login.
 * Source: Cloud Storage JSON API, "Objects: list", "Objects: get".
 * @throws AgentError `config` for variables that are no use
 */
export async function openGs(
  { container: bucket, prefix }: ContainerLocation<"gs">,
  context: BackendContext,
  idleMs?: number,
): Promise<Backend> {
  const { environment, connections, clock } = context;
  const where = `gs:${bucket}:/`;
  const emulator = emulatorOf(where, valueOf(environment, "STORAGE_EMULATOR_HOST"));
  const send = httpClient(await httpOptions(context, idleMs));
  const tokens = googleLogin({ environment, where, send, clock, needed: emulator === undefined });
  const base = `${emulator ?? "https://storage.googleapis.com"}/storage/v1/b/${encodeURIComponent(bucket)}/o`;
  const root = prefix === "" ? "" : `${prefix}/`;

  /** A token that is refused is got anew, once. */
  async function ask(
    { path, shown, listing, maxBytes }: Request,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const url = new URL(base + path);
    let token = await tokens?.current(signal);
    for (let renewed = false; ; renewed = true) {
      const headers = token ? { authorization: `Bearer ${token.secret.revealText()}` } : {};
      const response = await send({ url, headers: { ...headers }, maxBytes }, signal);
      if (response.status === 200) return response;
      if (response.status !== 401 || renewed || !tokens || !token?.renews)
        throw gsError(response, `${where}${shown} at ${url.host}`, listing);
      token = await tokens.renewed(token, signal);
    }
  }

  function gsError(response: HttpResponse, what: string, listing = false): AgentError {
    const { status } = response;
    if (status === 404 && listing)
      return new MissingPlaceError(`${what}: the bucket ${bucket} is not there (404)`);
    if (status === 401)
      return new AgentError(
        "denied",
        `${what}: access denied (401): GOOGLE_APPLICATION_CREDENTIALS or GOOGLE_ACCESS_TOKEN must be of an account that still exists, and not expired`,
      );
    if (status === 403)
      return new AgentError(
        "denied",
        `${what}: access denied (403): storage.objects.list and storage.objects.get are needed, as in the role Storage Object Viewer`,
      );
    return statusError(response, what, clock);
  }

  return namingPlace(`gs:${bucket}`, {
    location: where + prefix,
    connections,
    async list(type, from, signal) {
      const folder = `${root}${type}/`;
      const query = queryString({
        prefix: folder,
        // Packs lie in 256 folders.
        ...(type !== "data" && { delimiter: "/" }),
        ...(from !== undefined && { pageToken: from }),
        maxResults: `${PAGE}`,
        fields: "kind,items(name,size),nextPageToken",
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
      const answer = parseJsonObject(response.body);
      const items = answer["items"] ?? [];
      if (answer["kind"] !== "storage#objects" || !Array.isArray(items))
        throw notGoogle(`${where}${folder} at ${new URL(base).host}`, response);
      return {
        names: items.flatMap(nameOf),
        next: textMember(answer, "nextPageToken"),
        receivedBytes: response.body.length,
      };
    },
    async load(type, name, signal) {
      const path = root + objectPath(type, name);
      const maxBytes = MAX_SIZE_BYTES[type];
      const request = { path: `/${encodeURIComponent(path)}?alt=media`, shown: path, maxBytes };
      return (await ask(request, signal)).body;
    },
  });
}

/** `host:port`, as Google's libraries take it, or a whole address. */
function emulatorOf(where: string, host: string | undefined): string | undefined {
  if (host === undefined) return undefined;
  const url = URL.parse(/^https?:\/\//.test(host) ? host : `http://${host}`);
  if (!url || url.host === "")
    throw new AgentError("config", `${where}: STORAGE_EMULATOR_HOST is not an address`);
  return url.origin;
}

function notGoogle(what: string, { headers, body }: HttpResponse): AgentError {
  const type = headers["content-type"] ?? "no content type";
  const form = parseJson(body) === undefined ? "" : " of another form";
  return new AgentError(
    "other",
    `${what}: answers 200 with ${type}${form} in place of a listing: no Cloud Storage, or something else in front of it`,
  );
}

function nameOf(item: unknown): readonly string[] {
  const name = isJsonObject(item) ? posix.basename(textMember(item, "name") ?? "") : "";
  return name === "" ? [] : [name];
}

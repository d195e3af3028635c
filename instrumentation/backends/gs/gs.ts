import { AgentError } from "../../core/error.ts";
import { parseJsonObject } from "../../core/json.ts";
import type { HttpResponse } from "../../http/client.ts";
import { httpClient } from "../../http/client.ts";
import { foreignResponse } from "../../http/foreign-response.ts";
import { MissingPlaceError } from "../backend.ts";
import type { Backend } from "../backend.ts";
import { valueOf } from "../context.ts";
import type { BackendContext } from "../context.ts";
import { httpOptions } from "../http-options.ts";
import type { ContainerLocation } from "../object-store/container-location.ts";
import {
  MAX_PAGE_BYTES,
  objectsIn,
  objectStoreBackend,
  queryString,
} from "../object-store/object-store.ts";
import { googleLogin } from "./auth.ts";
import { gsError } from "./errors.ts";
import type { LoadGoogleAuth } from "./google-auth.ts";

/** The maximum of the service. */
const PAGE = 1000;

interface GsOptions {
  readonly idleMs?: number | undefined;
  readonly loadGoogleAuth?: LoadGoogleAuth | undefined;
}

/**
 * A bucket of Google Cloud Storage, by its JSON API. `STORAGE_EMULATOR_HOST` names an emulator, which needs no login.
 * Source: Cloud Storage JSON API, "Objects: list", "Objects: get".
 * @throws AgentError `config` for unusable variables
 */
export async function openGs(
  { container: bucket, prefix }: ContainerLocation<"gs">,
  context: BackendContext,
  { idleMs, loadGoogleAuth }: GsOptions = {},
): Promise<Backend> {
  const { environment, clock } = context;
  const where = `gs:${bucket}:/`;
  const emulator = emulatorOf(where, valueOf(environment, "STORAGE_EMULATOR_HOST"));
  const send = httpClient(await httpOptions(context, idleMs));
  const needed = emulator === undefined;
  const tokens = googleLogin({ environment, where, send, clock, needed, loadGoogleAuth });
  const base = `${emulator ?? "https://storage.googleapis.com"}/storage/v1/b/${encodeURIComponent(bucket)}/o`;
  const { host } = new URL(base);

  async function get(
    path: string,
    name: string,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const url = new URL(base + path);
    const response = await tokens.use(
      ({ secret }) => {
        const authorization = secret && `Bearer ${secret.revealText()}`;
        const headers: Record<string, string> = authorization ? { authorization } : {};
        return send({ url, headers, maxBytes }, signal);
      },
      ({ status }, { renews }) => status === 401 && renews,
      signal,
    );
    if (response.status === 200) return response;
    const what = `${where}${name} at ${host}`;
    // A missing folder is listed as empty.
    if (response.status === 404 && name.endsWith("/"))
      throw new MissingPlaceError(`${what}: the bucket ${bucket} does not exist (404)`);
    throw gsError(response, what, clock);
  }

  return objectStoreBackend(context, {
    where,
    prefix,
    async list({ folder, prefix: wanted, deep }, from, signal) {
      const query = queryString({
        prefix: wanted,
        delimiter: deep ? undefined : "/",
        pageToken: from,
        maxResults: `${PAGE}`,
        fields: "kind,items(name,size),nextPageToken",
      });
      const response = await get(`?${query}`, folder, MAX_PAGE_BYTES, signal);
      const answer = parseJsonObject(response.body);
      const { items = [], nextPageToken: next = null } = answer;
      const hasNext = next === null || typeof next === "string";
      if (answer["kind"] !== "storage#objects" || !Array.isArray(items) || !hasNext)
        throw foreignResponse(`${where}${folder} at ${host}`, response, "Google Cloud Storage");
      return {
        objects: objectsIn(items, "size"),
        next: next || undefined,
        receivedBytes: response.body.length,
      };
    },
    async load(name, maxBytes, signal) {
      return (await get(`/${encodeURIComponent(name)}?alt=media`, name, maxBytes, signal)).body;
    },
  });
}

/** `host:port`, as Google's libraries take it, or a URL. */
function emulatorOf(where: string, host: string | undefined): string | undefined {
  if (host === undefined) return undefined;
  const url = URL.parse(/^https?:\/\//.test(host) ? host : `http://${host}`);
  if (!url || url.host === "")
    throw new AgentError("config", `${where}: STORAGE_EMULATOR_HOST is not an address`);
  return url.origin;
}

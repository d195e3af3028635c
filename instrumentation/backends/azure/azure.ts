import { encodePath } from "../../core/encode-path.ts";
import type { HttpResponse } from "../../http/client.ts";
import { httpClient } from "../../http/client.ts";
import { azureError, azureFailure, notAzure } from "./errors.ts";
import { parseAzurePage } from "./listing.ts";
import { azureLogin } from "./auth.ts";
import type { LoadIdentity } from "./entra-id.ts";
import { MAX_LISTING_BYTES, MAX_SIZE_BYTES } from "../backend.ts";
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
import { httpDate, parseServerTime } from "../object-store/server-time.ts";

/** The most that the service gives at once. */
const PAGE = 5000;
/** Since 2021-02-12 names that XML cannot hold are encoded. */
const VERSION = "2023-11-03";

interface AzureOptions {
  readonly idleMs?: number | undefined;
  readonly loadIdentity?: LoadIdentity | undefined;
  /** Names in a page of a listing. */
  readonly pageSize?: number | undefined;
}

/**
 * A container of Azure's Blob Storage. `AZURE_ENDPOINT_SUFFIX` may be a whole address: then it is that of an emulator.
 * Source: Blob Service REST API, "List Blobs", "Get Blob".
 * @throws AgentError `config` for variables that are missing or no use
 */
export async function openAzure(
  { container, prefix }: ContainerLocation<"azure">,
  context: BackendContext,
  { idleMs, loadIdentity, pageSize = PAGE }: AzureOptions = {},
): Promise<Backend> {
  const { environment, connections, clock } = context;
  const where = `azure:${container}:/`;
  const login = azureLogin(where, environment, clock, loadIdentity);
  const send = httpClient(await httpOptions(context, idleMs));
  const root = prefix === "" ? "" : `${prefix}/`;
  const base = `${login.base}${encodeURIComponent(container)}`;
  /** What the service's clock is ahead of ours. */
  let aheadMs = 0;

  async function exchange(
    url: URL,
    maxBytes: number,
    refused: boolean,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const headers = {
      "x-ms-version": VERSION,
      "x-ms-date": httpDate(clock.now() + aheadMs),
    };
    const request = await login.authorize(url, headers, refused, signal);
    return send({ ...request, maxBytes }, signal);
  }

  /** Once more with a clock that was set by the answer, or with a token that was got anew. */
  async function ask(
    path: string,
    shown: string,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const url = new URL(base + path);
    let response = await exchange(url, maxBytes, false, signal);
    if (login.renews ? isUnknown(response) : response.status === 403 && setClock(response))
      response = await exchange(url, maxBytes, true, signal);
    if (response.status === 200) return response;
    const failure = azureFailure(response);
    throw azureError(response, failure, `${where}${shown} at ${url.host}`, login.hint, clock);
  }

  /** The token itself is refused, and not what its identity may do. */
  function isUnknown(response: HttpResponse): boolean {
    return response.status === 401 || azureFailure(response) === "AuthenticationFailed";
  }

  /** True if it was wrong by more than the quarter of an hour that the service allows. */
  function setClock({ headers }: HttpResponse): boolean {
    const theirs = parseServerTime(headers["date"]);
    if (theirs === undefined || Math.abs(theirs - clock.now() - aheadMs) < 10 * 60_000)
      return false;
    aheadMs = theirs - clock.now();
    return true;
  }

  return namingPlace(`azure:${container}`, {
    location: `${where}${prefix}`,
    connections,
    async list(type, from, signal) {
      const shown = `${root}${type}/`;
      const query = queryString({
        restype: "container",
        comp: "list",
        prefix: shown,
        // Packs lie in 256 folders.
        ...(type !== "data" && { delimiter: "/" }),
        ...(from !== undefined && { marker: from }),
        maxresults: `${pageSize}`,
      });
      const response = await ask(`?${query}`, shown, MAX_LISTING_BYTES, signal).catch(
        (error: unknown) => {
          throw listingError(error);
        },
      );
      const page = parseAzurePage(response.body);
      if (!page) throw notAzure(`${where}${shown} at ${new URL(base).host}`, response);
      return { ...page, receivedBytes: response.body.length };
    },
    async load(type, name, signal) {
      const path = root + objectPath(type, name);
      return (await ask(`/${encodePath(path)}`, path, MAX_SIZE_BYTES[type], signal)).body;
    },
  });
}

import { encodePath } from "../../http/url-path.ts";
import type { HttpResponse } from "../../http/client.ts";
import { httpClient } from "../../http/client.ts";
import { foreignResponse } from "../../http/foreign-response.ts";
import type { Backend } from "../backend.ts";
import type { BackendContext } from "../context.ts";
import { httpOptions } from "../http-options.ts";
import type { ContainerLocation } from "../object-store/container-location.ts";
import { MAX_PAGE_BYTES, objectStoreBackend, queryString } from "../object-store/object-store.ts";
import { httpDate, parseServerTime } from "../object-store/server-time.ts";
import { azureLogin } from "./auth.ts";
import type { LoadIdentity } from "./entra-id.ts";
import { azureError, azureFailure } from "./errors.ts";
import { parseAzurePage } from "./listing.ts";

/** The maximum of the service. */
const PAGE = 5000;
/** Since 2021-02-12 the service encodes names that XML cannot represent. */
const VERSION = "2023-11-03";
/** The service allows 15 minutes. */
const MAX_SKEW_MS = 10 * 60_000;

interface AzureOptions {
  readonly idleMs?: number | undefined;
  readonly loadIdentity?: LoadIdentity | undefined;
  /** Names in a page of a listing. */
  readonly pageSize?: number | undefined;
}

/**
 * A container of Azure Blob Storage. `AZURE_ENDPOINT_SUFFIX` may be the URL of an emulator.
 * Source: Blob Service REST API, "List Blobs", "Get Blob".
 * @throws AgentError `config` for missing or unusable variables
 */
export async function openAzure(
  { container, prefix }: ContainerLocation<"azure">,
  context: BackendContext,
  { idleMs, loadIdentity, pageSize = PAGE }: AzureOptions = {},
): Promise<Backend> {
  const { environment, clock } = context;
  const where = `azure:${container}:/`;
  const login = azureLogin(where, environment, clock, loadIdentity);
  const send = httpClient(await httpOptions(context, idleMs));
  const base = `${login.base}${encodeURIComponent(container)}`;
  const { host } = new URL(base);
  /** The service's clock minus ours. */
  let aheadMs = 0;

  async function exchange(url: URL, maxBytes: number, signal: AbortSignal): Promise<HttpResponse> {
    const headers = {
      "x-ms-version": VERSION,
      "x-ms-date": httpDate(clock.now() + aheadMs),
    };
    const request = await login.authorize(url, headers, signal);
    return send({ ...request, maxBytes }, signal);
  }

  /** Repeats a denied request once, with a corrected clock or a new token. */
  async function get(
    path: string,
    name: string,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const url = new URL(base + path);
    let response = await exchange(url, maxBytes, signal);
    if (login.renew ? isTokenRejected(response) : response.status === 403 && setClock(response)) {
      login.renew?.();
      response = await exchange(url, maxBytes, signal);
    }
    if (response.status === 200) return response;
    const failure = azureFailure(response);
    throw azureError(response, failure, `${where}${name} at ${host}`, login.hint, clock);
  }

  /** The token is rejected, not what its identity may do. */
  function isTokenRejected(response: HttpResponse): boolean {
    return response.status === 401 || azureFailure(response) === "AuthenticationFailed";
  }

  /** true: our clock was wrong, so that the signature was. */
  function setClock({ headers }: HttpResponse): boolean {
    const theirs = parseServerTime(headers["date"]);
    if (theirs === undefined || Math.abs(theirs - clock.now() - aheadMs) < MAX_SKEW_MS)
      return false;
    aheadMs = theirs - clock.now();
    return true;
  }

  return objectStoreBackend(context, {
    where,
    prefix,
    async list({ folder, prefix: wanted, deep }, from, signal) {
      const query = queryString({
        restype: "container",
        comp: "list",
        prefix: wanted,
        delimiter: deep ? undefined : "/",
        marker: from,
        maxresults: `${pageSize}`,
      });
      const response = await get(`?${query}`, folder, MAX_PAGE_BYTES, signal);
      const page = parseAzurePage(response.body);
      if (!page)
        throw foreignResponse(`${where}${folder} at ${host}`, response, "Azure Blob Storage");
      return { ...page, receivedBytes: response.body.length };
    },
    async load(name, maxBytes, signal) {
      return (await get(`/${encodePath(name)}`, name, maxBytes, signal)).body;
    },
  });
}

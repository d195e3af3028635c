import { encodePath } from "../../core/encode-path.ts";
import { AgentError } from "../../core/error.ts";
import { isJsonObject, parseJsonObject } from "../../core/json.ts";
import { limit } from "../../core/limit.ts";
import type { Secret } from "../../core/secret.ts";
import type { HttpResponse } from "../../http/client.ts";
import { httpClient } from "../../http/client.ts";
import { authorize } from "./account.ts";
import type { B2Account, B2Login } from "./account.ts";
import { b2Error, failureCode, notB2 } from "./errors.ts";
import type { B2Location } from "./location.ts";
import { MAX_LISTING_BYTES, MAX_SIZE_BYTES } from "../backend.ts";
import type { Backend } from "../backend.ts";
import { httpOptions } from "../http-options.ts";
import { listingError, namingPlace, objectPath } from "../object-store/object-store.ts";
import type { BackendContext } from "../context.ts";

/** Of what is billed as one call. */
const PAGE = 1000;

type Capability = "listFiles" | "readFiles";

interface Request {
  readonly capability: Capability;
  /** What the names that are asked for begin with. */
  readonly name: string;
  readonly url: (account: B2Account) => string;
  readonly body?: (account: B2Account) => Readonly<Record<string, unknown>>;
  readonly maxBytes: number;
}

interface Answer {
  readonly response: HttpResponse;
  /** What was asked for, and of whom. */
  readonly what: string;
}

/**
 * A bucket of Backblaze B2, by its native API. `B2_API_URL` in the environment names another API than Backblaze's, for tests.
 * @throws AgentError `config` for variables that are missing or no use
 */
export async function openB2(
  location: B2Location,
  context: BackendContext,
  idleMs?: number,
): Promise<Backend> {
  const { environment, connections, clock } = context;
  const login = loginOf(location, environment);
  const send = httpClient(await httpOptions(context, idleMs));
  const where = `b2:${location.bucket}:`;
  const root = location.prefix === "" ? "" : `${location.prefix}/`;

  const oneByOne = limit(1);
  let current: B2Account | undefined;

  /** Kept from one collection to the next; whoever was refused with it gets another one. */
  function account(refused: B2Account | undefined, signal: AbortSignal): Promise<B2Account> {
    return oneByOne(async () => {
      if (current === refused) current = undefined;
      current ??= await authorize(login, location, send, clock, signal);
      return current;
    }, signal);
  }

  function forget(used: B2Account): void {
    if (current === used) current = undefined;
  }

  async function ask(request: Request, signal: AbortSignal): Promise<Answer> {
    let used = await account(undefined, signal);
    for (let renewed = false; ; renewed = true) {
      permit(used, request, where);
      const url = new URL(request.url(used));
      const response = await exchange(request, url, used, signal);
      const what = `${where}${request.name} at ${url.host}`;
      if (response.status === 200) return { response, what };
      const code = failureCode(response);
      // That the key may not do it is not the token's fault.
      if (response.status !== 401 || code === "unauthorized" || renewed) {
        if (code === "bad_bucket_id") forget(used);
        const hint = `the application key needs the capability ${request.capability} for this bucket`;
        throw b2Error(response, what, hint, clock);
      }
      used = await account(used, signal);
    }
  }

  async function exchange(
    { body, maxBytes }: Request,
    url: URL,
    used: B2Account,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const headers = { authorization: used.token };
    try {
      if (!body) return await send({ url, headers, maxBytes }, signal);
      return await send(
        {
          method: "POST",
          url,
          headers: { ...headers, "content-type": "application/json" },
          body: Buffer.from(JSON.stringify(body(used))),
          maxBytes,
        },
        signal,
      );
    } catch (error) {
      // The account may have moved: the next try asks where to.
      if (error instanceof AgentError && error.transient) forget(used);
      throw error;
    }
  }

  return namingPlace(`b2:${location.bucket}`, {
    location: `${where}${location.prefix}`,
    connections,
    async list(type, from, signal) {
      const prefix = `${root}${type}/`;
      const request: Request = {
        capability: "listFiles",
        name: prefix,
        url: ({ api }) => `${api}b2_list_file_names`,
        body: ({ bucketId }) => ({
          bucketId,
          prefix,
          // Packs lie in 256 folders.
          ...(type !== "data" && { delimiter: "/" }),
          ...(from !== undefined && { startFileName: from }),
          maxFileCount: PAGE,
        }),
        maxBytes: MAX_LISTING_BYTES,
      };
      const { response, what } = await ask(request, signal).catch((error: unknown) => {
        throw listingError(error);
      });
      const { files, nextFileName } = parseJsonObject(response.body);
      if (!Array.isArray(files)) throw notB2(what, response);
      return {
        names: files.flatMap(nameOf),
        next: typeof nextFileName === "string" ? nextFileName : undefined,
        receivedBytes: response.body.length,
      };
    },
    async load(type, name, signal) {
      const path = root + objectPath(type, name);
      const { response } = await ask(
        {
          capability: "readFiles",
          name: path,
          url: ({ download }) => download + encodePath(path),
          maxBytes: MAX_SIZE_BYTES[type],
        },
        signal,
      );
      return response.body;
    },
  });
}

function loginOf({ bucket }: B2Location, environment: Readonly<Record<string, Secret>>): B2Login {
  const variable = (name: string): Secret => {
    const value = environment[name];
    if (value && !value.isEmpty) return value;
    throw new AgentError(
      "config",
      `b2:${bucket}: ${name} is missing in the environment of the repository`,
    );
  };
  const api = URL.parse(environment["B2_API_URL"]?.revealText() || "https://api.backblazeb2.com");
  if (api?.protocol !== "https:" && api?.protocol !== "http:")
    throw new AgentError("config", `b2:${bucket}: B2_API_URL is not an address`);
  return { api, keyId: variable("B2_ACCOUNT_ID"), key: variable("B2_ACCOUNT_KEY") };
}

/** What is sure to be refused is not asked, and its reason is better known here. */
function permit(account: B2Account, { capability, name }: Request, where: string): void {
  const { capabilities, namePrefix } = account;
  if (capabilities && !capabilities.includes(capability))
    throw new AgentError(
      "denied",
      `${where}${name}: the application key lacks the capability ${capability}: listFiles and readFiles are needed`,
    );
  if (!name.startsWith(namePrefix))
    throw new AgentError(
      "denied",
      `${where}${name}: the application key is restricted to names that begin with ${namePrefix}`,
    );
}

/** Folders are named as well where a delimiter is asked for. */
function nameOf(entry: unknown): readonly string[] {
  if (!isJsonObject(entry)) return [];
  const { fileName, action } = entry;
  if (typeof fileName !== "string" || action !== "upload") return [];
  return [fileName.slice(fileName.lastIndexOf("/") + 1)];
}

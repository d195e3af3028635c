import { encodePath } from "../../http/url-path.ts";
import { AgentError } from "../../core/error.ts";
import { isJsonObject, parseJsonObject, textMember } from "../../core/json.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Secret } from "../../core/secret.ts";
import type { HttpResponse } from "../../http/client.ts";
import { httpClient } from "../../http/client.ts";
import { foreignResponse } from "../../http/foreign-response.ts";
import type { Backend, ListedFile } from "../backend.ts";
import type { BackendContext, Variables } from "../context.ts";
import { httpOptions } from "../http-options.ts";
import { MAX_PAGE_BYTES, objectStoreBackend } from "../object-store/object-store.ts";
import { renewable } from "../object-store/renewable.ts";
import { authorize } from "./account.ts";
import type { B2Account, B2Login } from "./account.ts";
import { B2, b2Error, failureCode } from "./errors.ts";
import type { B2Location } from "./location.ts";

/** Backblaze bills this many names as one call. */
const PAGE = 1000;

interface Request {
  readonly capability: "listFiles" | "readFiles";
  /** The name of the file, or the prefix of all names. */
  readonly name: string;
  readonly url: (account: B2Account) => string;
  readonly body?: (account: B2Account) => JsonObject;
  readonly maxBytes: number;
}

interface Answer {
  readonly response: HttpResponse;
  /** The file or folder, and the host. */
  readonly what: string;
  readonly account: B2Account;
}

/**
 * A bucket of Backblaze B2, by its native API. `B2_API_URL` in the environment names another API, for tests.
 * @throws AgentError `config` for missing or unusable variables
 */
export async function openB2(
  location: B2Location,
  context: BackendContext,
  idleMs?: number,
): Promise<Backend> {
  const { environment, clock } = context;
  const login = loginOf(location, environment);
  const send = httpClient(await httpOptions(context, idleMs));
  const where = `b2:${location.bucket}:`;
  const accounts = renewable((signal) => authorize(login, location, send, clock, signal), clock);

  async function call(request: Request, signal: AbortSignal): Promise<Answer> {
    const answer = await accounts.use(
      async (account) => {
        permit(account, request, where);
        const url = new URL(request.url(account));
        const response = await exchange(request, url, account, signal);
        return { response, account, what: `${where}${request.name} at ${url.host}` };
      },
      // A valid token that lacks a permission is "unauthorized".
      ({ response }) => response.status === 401 && failureCode(response) !== "unauthorized",
      signal,
    );
    const { response, account, what } = answer;
    if (response.status === 200) return answer;
    if (failureCode(response) === "bad_bucket_id") accounts.forget(account);
    const hint = `the application key needs the capability ${request.capability} for this bucket`;
    throw b2Error(response, what, hint, clock);
  }

  async function exchange(
    { body, maxBytes }: Request,
    url: URL,
    account: B2Account,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const json = body && Buffer.from(JSON.stringify(body(account)));
    const headers = {
      authorization: account.token,
      ...(json && { "content-type": "application/json" }),
    };
    const method = json ? "POST" : "GET";
    try {
      return await send({ method, url, headers, body: json, maxBytes }, signal);
    } catch (error) {
      // The account may have moved to another host: authorize again before the retry.
      if (error instanceof AgentError && error.transient) accounts.forget(account);
      throw error;
    }
  }

  return objectStoreBackend(context, {
    where,
    prefix: location.prefix,
    async list({ folder, prefix, deep }, from, signal) {
      const request: Request = {
        capability: "listFiles",
        name: folder,
        url: ({ api }) => `${api}b2_list_file_names`,
        body: ({ bucketId }) => ({
          bucketId,
          prefix,
          ...(!deep && { delimiter: "/" }),
          ...(from !== undefined && { startFileName: from }),
          maxFileCount: PAGE,
        }),
        maxBytes: MAX_PAGE_BYTES,
      };
      const { response, what } = await call(request, signal);
      const { files, nextFileName } = parseJsonObject(response.body);
      if (!Array.isArray(files)) throw foreignResponse(what, response, B2);
      return {
        objects: files.filter(isJsonObject).flatMap(objectOf),
        next: typeof nextFileName === "string" ? nextFileName : undefined,
        receivedBytes: response.body.length,
      };
    },
    async load(name, maxBytes, signal) {
      const url = ({ download }: B2Account): string => download + encodePath(name);
      const { response } = await call({ capability: "readFiles", name, url, maxBytes }, signal);
      return response.body;
    },
  });
}

function loginOf({ bucket }: B2Location, environment: Variables): B2Login {
  const variable = (name: string): Secret => {
    const value = environment[name];
    if (value && !value.isEmpty) return value;
    throw new AgentError(
      "config",
      `b2:${bucket}: ${name} is not set in the environment of the repository`,
    );
  };
  const api = URL.parse(environment["B2_API_URL"]?.revealText() || "https://api.backblazeb2.com");
  if (api?.protocol !== "https:" && api?.protocol !== "http:")
    throw new AgentError("config", `b2:${bucket}: B2_API_URL is not an address`);
  return { api, keyId: variable("B2_ACCOUNT_ID"), key: variable("B2_ACCOUNT_KEY") };
}

/** Rejects a request that the key does not allow: the server's response would not give the reason. */
function permit(account: B2Account, { capability, name }: Request, where: string): void {
  const { capabilities, namePrefix } = account;
  if (capabilities && !capabilities.includes(capability))
    throw new AgentError(
      "denied",
      `${where}${name}: the application key lacks the capability ${capability}: it needs listFiles and readFiles`,
    );
  if (!name.startsWith(namePrefix))
    throw new AgentError(
      "denied",
      `${where}${name}: the application key is restricted to names that begin with ${namePrefix}`,
    );
}

/** With a delimiter the listing contains folders, whose action is "folder". */
function objectOf(entry: JsonObject): readonly ListedFile[] {
  const name = textMember(entry, "fileName");
  return name !== undefined && entry["action"] === "upload"
    ? [{ name, size: entry["contentLength"] }]
    : [];
}

import type { IncomingMessage } from "node:http";

import { status } from "./fault-server.ts";
import type { Fault } from "./fault-server.ts";

interface Key {
  readonly capabilities: readonly string[];
  /** The only buckets that it may use; a deleted one has no name. */
  readonly buckets?: readonly { readonly id: string; readonly name: string | null }[];
  readonly namePrefix?: string;
}

/** Ends an answer as a failure. */
class Refusal extends Error {
  readonly answer: Fault;

  constructor(code: number, word: string) {
    super(word);
    this.answer = refusal(code, word);
  }
}

const ID = "bucket-id";

/** A failure that Backblaze answers. */
export function refusal(
  code: number,
  word: string,
  headers: Readonly<Record<string, string>> = {},
): Fault {
  const body = { status: code, code: word, message: "a sentence for people" };
  return status(code, { "content-type": "application/json", ...headers }, JSON.stringify(body));
}

/** Backblaze's native API over one bucket, as far as a reader asks for it. It checks what it is asked as Backblaze does. */
export class FakeB2 {
  readonly keyId = "0012e0a5f13b7d40000000001";
  readonly key = "K001+aSecret/OfBackblaze";
  /** What is asked for, in order: `b2_authorize_account v3`, `b2_list_file_names {…}`, `GET /file/…`. */
  readonly asked: string[] = [];
  /** Complete names of objects. */
  files: ReadonlyMap<string, Uint8Array> = new Map();
  /** Undefined: there is none. */
  bucket: string | undefined = "backups";
  bucketId = ID;
  may: Key = { capabilities: ["listBuckets", "listFiles", "readFiles"] };
  /** The form of an authorization; `v4` refuses to answer v3, as Backblaze does for a key of several buckets. */
  form: "v2" | "v3" | "v4" = "v3";
  apiUrl: () => string;
  downloadUrl: () => string;
  #tokens = 0;
  #expired = 0;

  /** @param url where `serve` is asked, without a slash at the end */
  constructor(url: () => string) {
    this.apiUrl = url;
    this.downloadUrl = url;
  }

  /** What a repository needs to be read here. */
  get environment(): Readonly<Record<string, string>> {
    return { B2_API_URL: this.apiUrl(), B2_ACCOUNT_ID: this.keyId, B2_ACCOUNT_KEY: this.key };
  }

  /** The calls without what they say: `b2_list_file_names`, `GET /file/…`. */
  get calls(): readonly string[] {
    return this.asked.map((line) => line.replace(/ [{v].*/, ""));
  }

  /** Every token there is: the next call with one is answered with 401. */
  expireTokens(): void {
    this.#expired = this.#tokens;
  }

  /** What an application key for reading may do, for this bucket alone. */
  restricted(namePrefix?: string): Key {
    return {
      capabilities: ["listFiles", "readFiles"],
      buckets: [{ id: ID, name: this.bucket ?? null }],
      ...(namePrefix !== undefined && { namePrefix }),
    };
  }

  readonly serve: Fault = (request, response) => {
    void (async () => {
      const body = await textOf(request);
      try {
        const answer = this.#answer(request, body);
        if (answer instanceof Uint8Array) return void response.writeHead(200).end(answer);
        response.writeHead(200, { "content-type": "application/json" });
        response.end(JSON.stringify(answer));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        error.answer(request, response);
      }
    })();
  };

  #answer({ method, url = "", headers }: IncomingMessage, body: string): unknown {
    const authorization = headers.authorization ?? "";
    const [, version = "", call = ""] = /^\/b2api\/(v[34])\/(b2_\w+)$/.exec(url) ?? [];
    if (call === "b2_authorize_account") {
      this.asked.push(`${call} ${version}`);
      return this.#authorize(authorization, version);
    }
    this.asked.push(method === "POST" ? `${call} ${body}` : `${method} ${url}`);
    const token = Number(/^token_(\d+)$/.exec(authorization)?.[1] ?? Number.NaN);
    if (!(token <= this.#tokens)) throw new Refusal(401, "bad_auth_token");
    if (token <= this.#expired) throw new Refusal(401, "expired_auth_token");
    if (method === "POST" && call === "b2_list_buckets") return this.#buckets(JSON.parse(body));
    if (method === "POST" && call === "b2_list_file_names") return this.#list(JSON.parse(body));
    if (method === "GET" && url.startsWith("/file/")) return this.#download(url);
    throw new Refusal(400, "bad_request");
  }

  #authorize(authorization: string, version: string): unknown {
    const login = Buffer.from(`${this.keyId}:${this.key}`).toString("base64");
    if (authorization !== `Basic ${login}`) throw new Refusal(401, "unauthorized");
    if (this.form === "v4" && version !== "v4") throw new Refusal(400, "unsupported");
    this.#tokens += 1;
    const { capabilities, buckets, namePrefix = null } = this.may;
    const [only] = buckets ?? [];
    const urls = { apiUrl: this.apiUrl(), downloadUrl: this.downloadUrl() };
    const one = { bucketId: only?.id ?? null, bucketName: only?.name ?? null };
    const forms = {
      v2: { ...urls, allowed: { capabilities, namePrefix, ...one } },
      v3: { apiInfo: { storageApi: { ...urls, capabilities, namePrefix, ...one } } },
      v4: {
        apiInfo: {
          storageApi: { ...urls, allowed: { capabilities, namePrefix, buckets: buckets ?? null } },
        },
      },
    };
    return {
      accountId: "2e0a5f13b7d4",
      authorizationToken: `token_${this.#tokens}`,
      ...forms[this.form],
    };
  }

  #buckets({ bucketName }: { readonly bucketName?: string }): unknown {
    this.#permit("listBuckets", "");
    if (this.may.buckets && !this.may.buckets.some(({ name }) => name === bucketName))
      throw new Refusal(401, "unauthorized");
    const there = this.bucket !== undefined && this.bucket === bucketName;
    return { buckets: there ? [{ bucketId: this.bucketId, bucketName }] : [] };
  }

  #list(asked: {
    readonly bucketId: string;
    readonly prefix?: string;
    readonly delimiter?: string;
    readonly startFileName?: string;
    readonly maxFileCount?: number;
  }): unknown {
    const { bucketId, prefix = "", delimiter, startFileName = "", maxFileCount = 100 } = asked;
    if (this.bucket === undefined || bucketId !== this.bucketId)
      throw new Refusal(400, "bad_bucket_id");
    this.#permit("listFiles", prefix);
    const entries = new Map<string, unknown>();
    for (const [fileName, { length }] of this.files) {
      if (!fileName.startsWith(prefix)) continue;
      const end = delimiter === undefined ? -1 : fileName.indexOf(delimiter, prefix.length);
      const folder = fileName.slice(0, end + 1);
      if (end < 0) entries.set(fileName, { fileName, contentLength: length, action: "upload" });
      else entries.set(folder, { fileName: folder, contentLength: 0, action: "folder" });
    }
    const names = [...entries.keys()].filter((name) => name >= startFileName).toSorted();
    return {
      files: names.slice(0, maxFileCount).map((name) => entries.get(name)),
      nextFileName: names[maxFileCount] ?? null,
    };
  }

  #download(url: string): Uint8Array {
    const [, bucket = "", ...segments] = url.slice(1).split("/");
    const name = segments.map(decodeURIComponent).join("/");
    this.#permit("readFiles", name);
    const bytes = bucket === this.bucket ? this.files.get(name) : undefined;
    if (!bytes) throw new Refusal(404, "not_found");
    return bytes;
  }

  #permit(capability: string, name: string): void {
    const { capabilities, namePrefix = "" } = this.may;
    const whole = capability === "listBuckets" || name.startsWith(namePrefix);
    if (!capabilities.includes(capability) || !whole) throw new Refusal(401, "unauthorized");
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += String(chunk);
  return text;
}

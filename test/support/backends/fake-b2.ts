import type { IncomingMessage } from "node:http";

import { Download, decodeName, fileOf, idOf, nameOf, refusal, uploaded } from "./b2-answers.ts";
import type { Fault } from "../http/fault-server.ts";

interface Key {
  readonly capabilities: readonly string[];
  /** The buckets that the key is restricted to; a deleted one has no name. */
  readonly buckets?: readonly { readonly id: string; readonly name: string | null }[];
  readonly namePrefix?: string;
}

/** Thrown to send an error response. */
class Refusal extends Error {
  readonly answer: Fault;

  constructor(code: number, word: string) {
    super(word);
    this.answer = refusal(code, word);
  }
}

const ID = "bucket-id";

/**
 * Backblaze's native API over one bucket: all reading calls, and the writing calls that restic needs for small files. It checks
 * requests as Backblaze does; restic and rclone work with it (test/peers/backends/b2.test.ts).
 */
export class FakeB2 {
  /** The size of all successful response bodies. */
  sentBytes = 0;
  keyId = "0012e0a5f13b7d40000000001";
  readonly key = "K001+aSecret/OfBackblaze";
  /** The requests in order: `b2_authorize_account v3`, `b2_list_file_names {…}`, `GET /file/…`. */
  readonly asked: string[] = [];
  /** Objects by their full names. */
  files: ReadonlyMap<string, Uint8Array> = new Map();
  /** undefined: the bucket does not exist. */
  bucket: string | undefined = "backups";
  bucketId = ID;
  may: Key = { capabilities: ["listBuckets", "listFiles", "readFiles"] };
  /** The form of authorization responses; with `v4`, v3 is rejected, as Backblaze does for a key of several buckets. */
  form: "v2" | "v3" | "v4" = "v3";
  apiUrl: () => string;
  downloadUrl: () => string;
  #tokens = 0;
  #expired = 0;

  /** @param url the URL of `serve`, without trailing slash */
  constructor(url: () => string) {
    this.apiUrl = url;
    this.downloadUrl = url;
  }

  /** The variables for this account. */
  get environment(): Readonly<Record<string, string>> {
    return { B2_API_URL: this.apiUrl(), B2_ACCOUNT_ID: this.keyId, B2_ACCOUNT_KEY: this.key };
  }

  /** The requests without their bodies: `b2_list_file_names`, `GET /file/…`. */
  get calls(): readonly string[] {
    return this.asked.map((line) => line.replace(/ [{v].*/, ""));
  }

  /** Expires all tokens: the next call with one is answered with 401. */
  expireTokens(): void {
    this.#expired = this.#tokens;
  }

  /** A read-only application key that is restricted to this bucket. */
  restricted(namePrefix?: string): Key {
    return {
      capabilities: ["listFiles", "readFiles"],
      buckets: [{ id: ID, name: this.bucket ?? null }],
      ...(namePrefix !== undefined && { namePrefix }),
    };
  }

  readonly serve: Fault = (request, response) => {
    void (async () => {
      const body = await bytesOf(request);
      try {
        const answer = this.#answer(request, body);
        if (answer instanceof Download) {
          this.sentBytes += answer.length;
          return answer.send(request, response);
        }
        const text = JSON.stringify(answer);
        this.sentBytes += Buffer.byteLength(text);
        response.writeHead(200, { "content-type": "application/json" }).end(text);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        error.answer(request, response);
      }
    })();
  };

  #answer({ method, url = "", headers }: IncomingMessage, bytes: Buffer): unknown {
    const authorization = headers.authorization ?? "";
    const [, version = "", call = ""] = /^\/b2api\/(v[1-4])\/(b2_\w+)$/.exec(url) ?? [];
    const body = url === "/upload" ? "" : bytes.toString();
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
    if ((method === "GET" || method === "HEAD") && url.startsWith("/file/"))
      return this.#download(url);
    if (method === "POST") return this.#write(call, body, headers, bytes);
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
      ...forms[version === "v4" ? "v4" : this.form],
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
    for (const [fileName, bytes] of this.files) {
      if (!fileName.startsWith(prefix)) continue;
      const end = !delimiter ? -1 : fileName.indexOf(delimiter, prefix.length);
      const folder = fileName.slice(0, end + 1);
      if (end < 0) entries.set(fileName, fileOf(fileName, bytes));
      else entries.set(folder, { fileName: folder, contentLength: 0, action: "folder" });
    }
    const names = [...entries.keys()].filter((name) => name >= startFileName).toSorted();
    return {
      files: names.slice(0, maxFileCount).map((name) => entries.get(name)),
      nextFileName: names[maxFileCount] ?? null,
    };
  }

  #download(url: string): Download {
    const [, bucket = "", ...segments] = url.slice(1).split("/");
    const name = segments.map(decodeName).join("/");
    this.#permit("readFiles", name);
    const bytes = bucket === this.bucket ? this.files.get(name) : undefined;
    if (!bytes) throw new Refusal(404, "not_found");
    return new Download(name, bytes);
  }

  /** The writing calls. */
  #write(call: string, body: string, headers: IncomingMessage["headers"], bytes: Buffer): unknown {
    if (call === "" && body === "") {
      const name = decodeName(String(headers["x-bz-file-name"]));
      const content = uploaded(bytes, String(headers["x-bz-content-sha1"]));
      if (!content) throw new Refusal(400, "bad_request");
      this.files = new Map([...this.files, [name, content]]);
      return fileOf(name, content);
    }
    if (call === "b2_get_upload_url")
      return {
        bucketId: this.bucketId,
        uploadUrl: `${this.apiUrl()}/upload`,
        authorizationToken: `token_${this.#tokens}`,
      };
    const asked: { readonly fileName?: string; readonly fileId?: string } = JSON.parse(body);
    const name = asked.fileId === undefined ? (asked.fileName ?? "") : nameOf(asked.fileId);
    const found = this.files.get(name);
    if (!found) throw new Refusal(404, "not_found");
    if (call === "b2_get_file_info") return fileOf(name, found);
    if (call !== "b2_delete_file_version") throw new Refusal(400, "bad_request");
    this.files = new Map([...this.files].filter(([kept]) => kept !== name));
    return { fileName: name, fileId: idOf(name) };
  }

  #permit(capability: string, name: string): void {
    const { capabilities, namePrefix = "" } = this.may;
    const whole = capability === "listBuckets" || name.startsWith(namePrefix);
    if (!capabilities.includes(capability) || !whole) throw new Refusal(401, "unauthorized");
  }
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

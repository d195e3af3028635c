import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";

import { status } from "../http/fault-server.ts";
import type { Fault } from "../http/fault-server.ts";

interface Account {
  readonly secret: string;
  readonly token?: string;
}

/** Thrown to send an error response. */
class Refusal extends Error {
  readonly answer: Fault;

  constructor(code: number, word: string, region?: string) {
    super(word);
    this.answer = s3Refusal(code, word, region);
  }
}

/** An error response of S3. */
export function s3Refusal(code: number, word: string, region?: string): Fault {
  const named = region === undefined ? "" : `<Region>${region}</Region>`;
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${word}</Code><Message>a sentence for people</Message>${named}</Error>`;
  return status(code, { "content-type": "application/xml" }, body);
}

const SKEW_MS = 15 * 60_000;
const hmac = (key: string | Buffer, text: string): Buffer =>
  createHmac("sha256", key).update(text).digest();
const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** The reading calls of S3 over one bucket. It checks each signature from the received bytes. */
export class FakeS3 {
  /** By access key. */
  readonly accounts = new Map<string, Account>();
  /** Expired session tokens. */
  readonly expired = new Set<string>();
  /** The requests in order: path and query. */
  readonly asked: string[] = [];
  /** Objects by their full names. */
  files: ReadonlyMap<string, Uint8Array> = new Map();
  bucket = "bucket";
  region = "us-east-1";
  pageSize = 1000;
  /** Lists names without percent-encoding, as old servers do. */
  encodes = true;
  /** Accepts requests without a signature. */
  isPublic = false;
  now: () => number;

  /** @param now the server's clock, milliseconds since the epoch */
  constructor(now: () => number) {
    this.now = now;
  }

  readonly serve: Fault = (request, response) => {
    response.setHeader("date", new Date(this.now()).toUTCString());
    this.asked.push(request.url ?? "");
    try {
      const answer = this.#answer(request);
      const type = typeof answer === "string" ? "application/xml" : "binary/octet-stream";
      response.writeHead(200, { "content-type": type }).end(answer);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      error.answer(request, response);
    }
  };

  #answer(request: IncomingMessage): string | Uint8Array {
    const url = new URL(request.url ?? "", "http://host");
    this.#authenticate(request);
    const [, bucket = "", ...rest] = url.pathname.split("/");
    if (bucket !== this.bucket) throw new Refusal(404, "NoSuchBucket");
    const key = rest.map(decodeURIComponent).join("/");
    if (key === "" && url.searchParams.has("location"))
      return `<LocationConstraint>${this.region === "us-east-1" ? "" : this.region}</LocationConstraint>`;
    if (key === "") return this.#list(url.searchParams);
    const bytes = this.files.get(key);
    if (!bytes) throw new Refusal(404, "NoSuchKey");
    return bytes;
  }

  #authenticate({ headers, method = "", url = "" }: IncomingMessage): void {
    const authorization = headers.authorization ?? "";
    if (authorization === "" && this.isPublic) return;
    const [, id = "", scope = "", names = "", signature] =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\S+), SignedHeaders=(\S+), Signature=(\S+)$/.exec(
        authorization,
      ) ?? [];
    const account = this.accounts.get(id);
    if (id === "") throw new Refusal(403, "AccessDenied");
    if (!account) throw new Refusal(403, "InvalidAccessKeyId");
    const [day, region, service, end] = scope.split("/");
    if (region !== this.region) throw new Refusal(400, "AuthorizationHeaderMalformed", this.region);
    const stamp = String(headers["x-amz-date"]);
    const [path = "", query = ""] = url.split("?");
    const canonical = [
      method,
      path,
      query.split("&").toSorted().join("&"),
      ...names.split(";").map((name) => `${name}:${String(headers[name])}`),
      "",
      names,
      createHash("sha256").update("").digest("hex"),
    ].join("\n");
    const toSign = `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${createHash("sha256").update(canonical).digest("hex")}`;
    const key = hmac(
      hmac(hmac(hmac(`AWS4${account.secret}`, day ?? ""), this.region), "s3"),
      "aws4_request",
    );
    if (
      service !== "s3" ||
      end !== "aws4_request" ||
      hmac(key, toSign).toString("hex") !== signature
    )
      throw new Refusal(403, "SignatureDoesNotMatch");
    const at = Date.parse(
      stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"),
    );
    if (!(Math.abs(at - this.now()) < SKEW_MS)) throw new Refusal(403, "RequestTimeTooSkewed");
    if (headers["x-amz-security-token"] !== account.token) throw new Refusal(403, "InvalidToken");
    if (this.expired.has(account.token ?? id)) throw new Refusal(400, "ExpiredToken");
  }

  #list(query: URLSearchParams): string {
    const isNew = query.get("list-type") === "2";
    const prefix = query.get("prefix") ?? "";
    const delimiter = query.get("delimiter") ?? "";
    const after = query.get(isNew ? "continuation-token" : "marker") ?? "";
    const entries = new Map<string, number | undefined>();
    for (const [name, { length }] of this.files) {
      if (!name.startsWith(prefix)) continue;
      const slash = delimiter === "" ? -1 : name.indexOf(delimiter, prefix.length);
      if (slash < 0) entries.set(name, length);
      else entries.set(name.slice(0, slash + 1), undefined);
    }
    const names = [...entries.keys()].filter((name) => name > after).toSorted();
    const page = names.slice(0, this.pageSize);
    const last = page.at(-1) ?? "";
    const encode = (name: string): string =>
      escape(
        this.encodes
          ? encodeURIComponent(name).replaceAll("%2F", "/").replaceAll("%20", "+")
          : name,
      );
    const truncated = names.length > page.length;
    const marker = isNew
      ? `<NextContinuationToken>${escape(last)}</NextContinuationToken>`
      : delimiter && `<NextMarker>${encode(last)}</NextMarker>`;
    const contents = page.map((name) => {
      const size = entries.get(name);
      return size === undefined
        ? `<CommonPrefixes><Prefix>${encode(name)}</Prefix></CommonPrefixes>`
        : `<Contents><Key>${encode(name)}</Key><Size>${size}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
    });
    return `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${this.bucket}</Name>${
      this.encodes ? "<EncodingType>url</EncodingType>" : ""
    }<IsTruncated>${truncated}</IsTruncated>${truncated ? marker : ""}${contents.join("")}</ListBucketResult>`;
  }
}

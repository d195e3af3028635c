import { AgentError } from "../../core/error.ts";
import { httpClient } from "../../net/http.ts";
import type { HttpResponse } from "../../net/http.ts";
import { statusError } from "../../net/status.ts";
import { MAX_LISTING_BYTES, MAX_SIZE_BYTES } from "./backend.ts";
import type { Backend, FileInfo } from "./backend.ts";
import { certificates } from "./certificates.ts";
import type { RestLocation } from "./location.ts";
import type { BackendContext } from "./open.ts";

/** The server compares the whole header. REST protocol of restic, version 2. */
const VERSION_2 = "application/vnd.x.restic.rest.v2";

/** As many as restic opens. */
const CONNECTIONS = 5;

/** A server that speaks restic's REST protocol, version 1 or 2: rest-server, rclone. */
export async function openRest(
  location: RestLocation,
  context: BackendContext,
  idleMs?: number,
): Promise<Backend> {
  const { environment, proxyEnvironment, clock } = context;
  const get = httpClient({
    connections: CONNECTIONS,
    socketPath: location.socketPath,
    proxyEnvironment,
    ca: await certificates(environment["RESTIC_CACERT"]?.revealText(), "RESTIC_CACERT"),
    clientCertificate: await certificates(
      environment["RESTIC_TLS_CLIENT_CERT"]?.revealText(),
      "RESTIC_TLS_CLIENT_CERT",
    ),
    ...(idleMs !== undefined && { idleMs }),
  });
  const headers = { accept: VERSION_2, ...authorization(location, context) };
  const where =
    location.socketPath === undefined
      ? location.base
      : `${location.socketPath}:${new URL(location.base).pathname}`;

  async function request(
    path: string,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const response = await get({ url: new URL(location.base + path), headers, maxBytes }, signal);
    if (response.status === 200) return response;
    // rclone lists a folder that is not there as empty: its 404 hides a failure of its own.
    if (isFolder(path) && response.status === 404 && isRclone(response))
      throw new AgentError("other", `${where}${path}: rclone answers 404 to a listing`, {
        transient: true,
      });
    throw statusError(response, where + path, clock);
  }

  return {
    location: where,
    connections: CONNECTIONS,
    async list(type, _from, signal) {
      try {
        const response = await request(`${type}/`, MAX_LISTING_BYTES, signal);
        return {
          files: parseListing(response, `${where}${type}/`),
          next: undefined,
          receivedBytes: response.body.length,
        };
      } catch (error) {
        throw listingError(error);
      }
    },
    async load(type, name, signal) {
      const path = type === "config" ? type : `${type}/${name}`;
      return (await request(path, MAX_SIZE_BYTES[type], signal)).body;
    },
  };
}

function isFolder(path: string): boolean {
  return path.endsWith("/");
}

function isRclone({ headers }: HttpResponse): boolean {
  return headers["server"]?.startsWith("rclone/") === true;
}

/** rest-server answers 404 to a listing also when a file of the folder vanishes meanwhile: it is asked again before that is believed. */
function listingError(error: unknown): unknown {
  if (!(error instanceof AgentError)) return error;
  if (error.code === "not_found")
    return new AgentError("not_found", error.message, { transient: true, cause: error });
  if (error.code === "corrupt") return new AgentError("other", error.message, { cause: error });
  return error;
}

/** Version 2 lists names and sizes, version 1 names alone. What is no file of restic may lie there too. */
function parseListing({ headers, body }: HttpResponse, where: string): readonly FileInfo[] {
  let entries: unknown;
  try {
    entries = JSON.parse(body.toString());
  } catch {
    entries = undefined;
  }
  if (!Array.isArray(entries)) {
    const type = headers["content-type"] ?? "no content type";
    throw new AgentError(
      "other",
      `${where} answers 200 with ${type} in place of a listing: no restic REST server, or a login page in front of it`,
    );
  }
  return entries.flatMap(fileInfo);
}

function fileInfo(entry: unknown): readonly FileInfo[] {
  if (typeof entry === "string") return [{ name: entry, sizeBytes: undefined }];
  if (
    typeof entry !== "object" ||
    entry === null ||
    !("name" in entry) ||
    typeof entry.name !== "string"
  )
    return [];
  return [
    {
      name: entry.name,
      sizeBytes: "size" in entry && typeof entry.size === "number" ? entry.size : undefined,
    },
  ];
}

/** Login of the address, else of the environment; restic's rule is that one of the address is whole. */
function authorization(
  { login }: RestLocation,
  { environment }: BackendContext,
): Readonly<Record<string, string>> {
  const username = environment["RESTIC_REST_USERNAME"];
  const password = environment["RESTIC_REST_PASSWORD"];
  if (!login && !username && !password) return {};
  const pair = login
    ? `${login.username}:${login.password.revealText()}`
    : `${username?.revealText() ?? ""}:${password?.revealText() ?? ""}`;
  return { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
}

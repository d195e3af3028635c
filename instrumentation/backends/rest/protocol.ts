import type { Clock } from "../../core/clock.ts";
import { AgentError } from "../../core/error.ts";
import type { HttpResponse, Send } from "../../http/client.ts";
import { statusError } from "../../http/status-error.ts";
import { MAX_LISTING_BYTES, MAX_SIZE_BYTES } from "../backend.ts";
import type { Backend } from "../backend.ts";
import { listedNames } from "./listing.ts";

/** The server compares the whole header. REST protocol of restic, version 2. */
const VERSION_2 = "application/vnd.x.restic.rest.v2";

export interface RestOptions {
  /** What is printed, with a slash at the end: paths are appended. */
  readonly location: string;
  /** With a slash at the end. */
  readonly base: string;
  readonly connections: number;
  /** Beside Accept. */
  readonly headers: Readonly<Record<string, string>>;
  readonly send: Send;
  readonly clock: Clock;
}

/** restic's REST protocol, version 1 or 2, over whatever carries HTTP. */
export function restBackend(options: RestOptions): Backend {
  const { location: where, base, connections, send, clock } = options;
  const headers = { accept: VERSION_2, ...options.headers };

  async function request(
    path: string,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const response = await send({ url: new URL(base + path), headers, maxBytes }, signal);
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
    connections,
    async list(type, _from, signal) {
      try {
        const response = await request(`${type}/`, MAX_LISTING_BYTES, signal);
        return {
          names: namesIn(response, `${where}${type}/`),
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

function namesIn({ headers, body }: HttpResponse, where: string): readonly string[] {
  const names = listedNames(body);
  if (names) return names;
  const type = headers["content-type"] ?? "no content type";
  throw new AgentError(
    "other",
    `${where} answers 200 with ${type} in place of a listing: no restic REST server, or a login page in front of it`,
  );
}

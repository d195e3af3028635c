import type { Clock } from "../../core/clock.ts";
import { AgentError } from "../../core/error.ts";
import type { HttpResponse, Send } from "../../http/client.ts";
import { foreignResponse } from "../../http/foreign-response.ts";
import { statusError } from "../../http/status-error.ts";
import type { Backend, FileType } from "../backend.ts";
import { ListingReader } from "./listing.ts";

/** Bound of the body of a failed listing. */
const MAX_FAILURE_BYTES = 2 ** 20;

/** Version 2 of restic's REST protocol. Servers compare the whole header. */
const VERSION_2 = "application/vnd.x.restic.rest.v2";

export interface RestOptions {
  /** Safe to print, with a trailing slash. */
  readonly location: string;
  /** The URL, with a trailing slash. */
  readonly base: string;
  readonly connections: number;
  readonly maxSizeBytes: Readonly<Record<FileType, number>>;
  /** Headers in addition to Accept. */
  readonly headers: Readonly<Record<string, string>>;
  readonly send: Send;
  readonly clock: Clock;
}

/** restic's REST protocol, version 1 or 2, over any HTTP client. */
export function restBackend(options: RestOptions): Backend {
  const { location, base, connections, maxSizeBytes, send, clock } = options;
  const headers = { accept: VERSION_2, ...options.headers };

  return {
    location,
    connections,
    async list(type, _from, signal, wanted) {
      const path = `${type}/`;
      const listing = new ListingReader(type, location + path, wanted);
      try {
        const url = new URL(base + path);
        const onBody = (piece: Buffer): void => listing.push(piece);
        const response = await send({ url, headers, maxBytes: MAX_FAILURE_BYTES, onBody }, signal);
        if (response.status !== 200) throw listingFailure(response, location + path, clock);
        const files = listing.end();
        if (!files) throw foreignResponse(location + path, response, "a restic REST server");
        return { ...files, next: undefined, receivedBytes: listing.receivedBytes };
      } catch (error) {
        // To the caller, "corrupt" is a file that exceeds its bound.
        if (error instanceof AgentError && error.code === "corrupt")
          throw new AgentError("other", error.message, { cause: error });
        throw error;
      }
    },
    async load(type, name, signal) {
      const path = type === "config" ? type : `${type}/${name}`;
      const request = { url: new URL(base + path), headers, maxBytes: maxSizeBytes[type] };
      const response = await send(request, signal);
      if (response.status !== 200) throw statusError(response, location + path, clock);
      return response.body;
    },
  };
}

function listingFailure(response: HttpResponse, where: string, clock: Clock): AgentError {
  const error = statusError(response, where, clock);
  if (response.status !== 404) return error;
  // rclone lists a missing folder as empty: its 404 hides another failure.
  if (response.headers["server"]?.startsWith("rclone/") === true)
    return new AgentError("other", `${where}: rclone answers 404 to a listing`, {
      transient: true,
    });
  // rest-server also answers 404 if a file of the folder is deleted while it lists: retry before the caller believes it.
  return new AgentError("not_found", error.message, { transient: true, cause: error });
}

import { AgentError } from "../../core/error.ts";
import { MissingPlaceError } from "../backend.ts";
import type { Backend, FileType } from "../backend.ts";

/** The path of a file below the prefix of a repository. */
export function objectPath(type: FileType, name: string): string {
  if (type === "config") return type;
  return type === "data" ? `${type}/${name.slice(0, 2)}/${name}` : `${type}/${name}`;
}

/** What a failure says of a file is another thing for a listing: one over its bound, and one that is not there. A store has no folders to miss. */
export function listingError(error: unknown): unknown {
  return error instanceof AgentError &&
    (error.code === "corrupt" ||
      (error.code === "not_found" && !(error instanceof MissingPlaceError)))
    ? new AgentError("other", error.message, { cause: error })
    : error;
}

/** Failures of the network and of logins name a host alone: with the bucket before them it is said whose they are. */
export function namingPlace(place: string, backend: Backend): Backend {
  const named = (error: unknown): never => {
    if (!(error instanceof AgentError) || error.message.includes(place)) throw error;
    const { code, message, transient, retryAfterMs } = error;
    throw new AgentError(code, `${place}: ${message}`, { transient, retryAfterMs, cause: error });
  };
  return {
    ...backend,
    list: (type, from, signal) => backend.list(type, from, signal).catch(named),
    load: (type, name, signal) => backend.load(type, name, signal).catch(named),
  };
}

/** A query string in which a space is `%20`: not every server takes a plus for one. */
export function queryString(parameters: Readonly<Record<string, string>>): string {
  return new URLSearchParams(parameters).toString().replaceAll("+", "%20");
}

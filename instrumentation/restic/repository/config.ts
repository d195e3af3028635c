import { AgentError } from "../../core/error.ts";
import { MissingPlaceError } from "../../backends/backend.ts";
import type { Backend } from "../../backends/backend.ts";
import { SealError } from "../crypto/key.ts";
import type { Key } from "../crypto/key.ts";
import type { ConfigFile } from "./config-file.ts";
import { parseObject } from "./json.ts";
import { isNotFound } from "./verified-load.ts";

/** @throws AgentError `not_found` if there is no repository */
export async function loadConfig(backend: Backend, signal: AbortSignal): Promise<Uint8Array> {
  try {
    return await backend.load("config", "", signal);
  } catch (error) {
    if (!isNotFound(error) || error instanceof MissingPlaceError) throw error;
    throw new AgentError(
      "not_found",
      `no restic repository at ${backend.location}: the config file is missing`,
      { cause: error },
    );
  }
}

/**
 * @param sealed the stored bytes, which are never compressed
 * @throws AgentError `corrupt` if the master key does not open it, `other` for an unknown version
 */
export function decodeConfig(sealed: Uint8Array, key: Key): ConfigFile {
  let object;
  try {
    object = parseObject(key.open(sealed));
  } catch (error) {
    const reason =
      error instanceof SealError
        ? `does not open with the master key (it ${error.message})`
        : reasonOf(error);
    throw new AgentError("corrupt", `config ${reason}: the config or the key file is damaged`, {
      cause: error,
    });
  }
  const { id, version } = object;
  if (typeof id !== "string" || !/^[0-9a-f]{64}$/.test(id))
    throw new AgentError("corrupt", "config has no valid id");
  if (version !== 1 && version !== 2) {
    throw new AgentError(
      "other",
      `unsupported repository version ${JSON.stringify(version)}: use 1 or 2`,
    );
  }
  return { id, version };
}

/** Whether a key is the master key of the repository that has this `config`. */
export function opensConfig(sealed: Uint8Array, key: Key): boolean {
  try {
    key.open(sealed);
    return true;
  } catch {
    return false;
  }
}

/** The message of an Error that a decoder threw. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : "cannot be decoded";
}

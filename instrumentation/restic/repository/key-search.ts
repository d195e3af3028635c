import { AgentError } from "../../core/error.ts";
import type { ErrorCode } from "../../core/error.ts";
import { limit } from "../../core/limit.ts";
import type { Debug } from "../../core/log.ts";
import type { Secret } from "../../core/secret.ts";
import type { Backend } from "../../backends/backend.ts";
import { SealError } from "../crypto/key.ts";
import type { Key } from "../crypto/key.ts";
import { reasonOf } from "./config.ts";
import { decodeKeyFile, openKeyFile } from "./key-file.ts";
import { isCorrupt, isNotFound, loadVerified } from "./verified-load.ts";

/** restic's limit. Each key takes half a second of CPU, and everyone with write access can add keys. */
const MAX_KEYS = 20;

/** scrypt, DNS and file reads share the four threads of the pool. */
const derivations = limit(2);

/** Failures that concern one file: the others may be readable. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set(["denied", "other"]);

export interface OpenedKey {
  readonly id: string;
  readonly master: Key;
  /** The bytes of the key file. */
  readonly stored: Uint8Array;
}

export interface KeySearchInput {
  readonly backend: Backend;
  /** All names in `keys/`. */
  readonly ids: readonly string[];
  readonly password: Secret;
  /** Prefix of the name to try first: the key that worked last, or the user's hint. */
  readonly first: string | undefined;
}

/** Finds the key file that a password opens. Remembers the others, so that each is tried once. */
export class KeySearch {
  /** Called before each key derivation. */
  readonly #onDerivation: () => void;
  readonly #debug: Debug;
  readonly #refused = new Set<string>();
  #password: Secret | undefined;

  /** @param debug logs each key file that is tried */
  constructor(onDerivation: () => void, debug: Debug) {
    this.#onDerivation = onDerivation;
    this.#debug = debug;
  }

  /**
   * @param isMaster false: the key is of another repository with the same password. If all are, the first is returned
   * @throws AgentError if the password opens no key file: the error of a key file that the storage did not give, else `wrong_password`,
   * or `corrupt` if all are damaged
   */
  async find(
    { backend, ids, password, first }: KeySearchInput,
    isMaster: (master: Key) => Promise<boolean>,
    signal: AbortSignal,
  ): Promise<OpenedKey> {
    if (this.#password === undefined || !this.#password.equals(password)) this.#refused.clear();
    this.#password = password;
    const damaged: string[] = [];
    let refusal: AgentError | undefined;
    let foreign: OpenedKey | undefined;
    const isFirst = (id: string): boolean => first !== undefined && id.startsWith(first);
    const ordered = [...ids.filter(isFirst), ...ids.filter((id) => !isFirst(id))];
    for (const id of ordered.slice(0, MAX_KEYS)) {
      if (this.#refused.has(id)) continue;
      const tried = await this.#open(backend, id, password, signal);
      this.#debug("key tried", { key: id.slice(0, 8), result: resultOf(tried) });
      if (typeof tried === "object" && !(tried instanceof AgentError)) {
        if (await isMaster(tried.master)) return tried;
        foreign ??= tried;
      } else if (tried instanceof AgentError) refusal ??= tried;
      else if (tried === "wrong password") this.#refused.add(id);
      else if (tried !== "gone") damaged.push(`${id.slice(0, 8)} ${tried}`);
    }
    if (foreign) return foreign;
    // This key may be the one that the password opens.
    if (refusal) throw refusal;
    const refused = ordered.filter((id) => this.#refused.has(id)).length;
    throw noneOpened(refused, ids.length, damaged, password);
  }

  /** Derives the key of a key file. @throws SealError if the password does not open it; else Error whose message completes "the file …" */
  async derive(stored: Uint8Array, password: Secret, signal: AbortSignal): Promise<Key> {
    const file = decodeKeyFile(stored);
    return derivations(async () => {
      this.#onDerivation();
      return openKeyFile(file, password.reveal());
    }, signal);
  }

  /** The opened key, why this key file does not open, or the error with which the storage refuses it. */
  async #open(
    backend: Backend,
    id: string,
    password: Secret,
    signal: AbortSignal,
  ): Promise<OpenedKey | AgentError | string> {
    try {
      const stored = await loadVerified(backend, "keys", id, signal);
      if (!stored) return "does not match its name";
      return { id, master: await this.derive(stored, password, signal), stored };
    } catch (error) {
      if (error instanceof SealError) return "wrong password";
      if (isNotFound(error)) return "gone";
      if (error instanceof AgentError && REFUSALS.has(error.code)) return error;
      if (error instanceof AgentError && !isCorrupt(error)) throw error;
      if (signal.aborted) throw signal.reason;
      return reasonOf(error);
    }
  }
}

function resultOf(tried: OpenedKey | AgentError | string): string {
  if (typeof tried === "string") return tried;
  return tried instanceof AgentError ? tried.code : "opens";
}

function noneOpened(
  refused: number,
  total: number,
  damaged: readonly string[],
  password: Secret,
): AgentError {
  const notes = damaged.length > 0 ? `; damaged key files: ${damaged.join(", ")}` : "";
  if (refused === 0) {
    return new AgentError("corrupt", `none of the ${total} key files can be read${notes}`);
  }
  const which =
    total > MAX_KEYS
      ? `none of the first ${MAX_KEYS} of ${total} keys; set RESTIC_KEY_HINT in the environment of the repository to try another one first`
      : `${refused === 1 ? "the key" : `none of the ${refused} keys`} of the repository`;
  const message =
    total > MAX_KEYS || refused > 1
      ? `the password opens ${which}`
      : `the password does not open ${which}`;
  return new AgentError("wrong_password", message + endHint(password) + notes);
}

/** Variables and Vault fields often end with a newline, which restic does not remove from a password either. */
function endHint(password: Secret): string {
  const text = password.revealText();
  if (text === text.trim()) return "";
  const fault = /[\r\n]$/.test(text) ? "ends in a newline" : "begins or ends with white space";
  return `; the password ${fault}: remove that from the secret, unless it is a part of the password`;
}

import { createHmac, randomBytes, randomInt } from "node:crypto";

import type { Bcrypt } from "./bcrypt.ts";

/** `busy`: not checked, since too many checks are pending. */
export type Verdict = "allowed" | "denied" | "busy";

/** Numbers of cached verdicts, limited separately so that guesses do not evict correct logins. */
const CACHE_SIZES = { allowed: 100, denied: 1000 };

const SALT_AND_HASH = 53;
const ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/**
 * Checks Basic logins (RFC 7617) against bcrypt hashes. Passwords are not kept: a verdict is cached under a keyed hash of name, hash
 * and password, whose key exists only in this object. Unknown names take as much time as known ones.
 */
export class Login {
  readonly #bcrypt: Bcrypt;
  readonly #key = randomBytes(32);
  /** Salt and hash for unknown names. No password matches. */
  readonly #decoy = Array.from({ length: SALT_AND_HASH }, () => ALPHABET[randomInt(64)]).join("");
  readonly #cache = { allowed: new Set<string>(), denied: new Set<string>() };
  readonly #pending = new Map<string, Promise<Verdict>>();

  constructor(bcrypt: Bcrypt) {
    this.#bcrypt = bcrypt;
  }

  /** @param users hashes by name, at least one */
  check(authorization: string | undefined, users: ReadonlyMap<string, string>): Promise<Verdict> {
    const credentials = parseBasic(authorization);
    if (!credentials) return Promise.resolve("denied");
    const { name, password } = credentials;
    const userHash = users.get(name);
    const hash = userHash ?? `$2b$${this.#costLike(name, users)}$${this.#decoy}`;
    const key = this.#digest(JSON.stringify([name, hash, password])).toString("base64");
    for (const verdict of ["allowed", "denied"] as const)
      if (this.#cache[verdict].has(key)) return Promise.resolve(verdict);
    let check = this.#pending.get(key);
    if (!check) {
      check = this.#compare(key, password, hash, userHash !== undefined);
      this.#pending.set(key, check);
      void check.finally(() => this.#pending.delete(key));
    }
    return check;
  }

  async #compare(key: string, password: string, hash: string, isKnown: boolean): Promise<Verdict> {
    // As in Go, $2a$, $2b$, $2x$ and $2y$ are equivalent: the letter marked bugs of old implementations.
    const matches = await this.#bcrypt.compare(password, hash.replace(/^\$2[a-z]?\$/, "$2b$$"));
    if (matches === undefined) return "busy";
    const verdict = matches && isKnown ? "allowed" : "denied";
    const cache = this.#cache[verdict];
    const [oldest = ""] = cache;
    if (cache.size >= CACHE_SIZES[verdict]) cache.delete(oldest);
    cache.add(key);
    return verdict;
  }

  /** The cost of the hash of one of the users, always the same user for the same name. */
  #costLike(name: string, users: ReadonlyMap<string, string>): string {
    const hashes = [...users.values()];
    const hash = hashes[this.#digest(name).readUInt32BE() % hashes.length];
    return /^\$2[a-z]?\$(\d\d)/.exec(hash ?? "")?.[1] ?? "10";
  }

  #digest(text: string): Buffer {
    return createHmac("sha256", this.#key).update(text).digest();
  }
}

function parseBasic(
  header: string | undefined,
): { readonly name: string; readonly password: string } | undefined {
  const [, encoded] = /^basic ([A-Za-z0-9+/]+={0,2})$/i.exec(header ?? "") ?? [];
  if (encoded === undefined || encoded.length % 4 > 0) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

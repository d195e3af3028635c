import { createHmac, randomBytes, randomInt } from "node:crypto";

import type { Bcrypt } from "./bcrypt.ts";

/** `busy`: nobody can say now, too many are being checked. */
export type Verdict = "welcome" | "denied" | "busy";

/** How many verdicts are remembered, apart for either so that guesses drive no right one out. */
const REMEMBERED = { welcome: 100, denied: 1000 };

const SALT_AND_HASH = 53;
const ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/**
 * Checks Basic logins (RFC 7617) against bcrypt hashes. A password is never kept: a verdict is remembered under a keyed hash
 * of name, hash and password, whose key is never written anywhere. A name that nobody has costs as much as one that somebody has.
 */
export class Login {
  readonly #bcrypt: Bcrypt;
  readonly #key = randomBytes(32);
  /** No password fits it: it is compared with for unknown names. */
  readonly #decoy = Array.from({ length: SALT_AND_HASH }, () => ALPHABET[randomInt(64)]).join("");
  readonly #remembered = { welcome: new Set<string>(), denied: new Set<string>() };
  readonly #underWay = new Map<string, Promise<Verdict>>();

  constructor(bcrypt: Bcrypt) {
    this.#bcrypt = bcrypt;
  }

  /** @param users hashes by name, one at least */
  check(authorization: string | undefined, users: ReadonlyMap<string, string>): Promise<Verdict> {
    const given = parseBasic(authorization);
    if (!given) return Promise.resolve("denied");
    const { name, password } = given;
    const known = users.get(name);
    const hash = known ?? `$2b$${this.#costLike(name, users)}$${this.#decoy}`;
    const key = this.#digest(JSON.stringify([name, hash, password])).toString("base64");
    for (const verdict of ["welcome", "denied"] as const)
      if (this.#remembered[verdict].has(key)) return Promise.resolve(verdict);
    let checked = this.#underWay.get(key);
    if (!checked) {
      checked = this.#compare(key, password, hash, known !== undefined);
      this.#underWay.set(key, checked);
      void checked.finally(() => this.#underWay.delete(key));
    }
    return checked;
  }

  async #compare(key: string, password: string, hash: string, known: boolean): Promise<Verdict> {
    // All letters after the 2 mean the same today; what bugs they once told apart is history.
    const fits = await this.#bcrypt.compare(password, hash.replace(/^\$2[a-z]?\$/, "$2b$$"));
    if (fits === undefined) return "busy";
    const verdict = fits && known ? "welcome" : "denied";
    const remembered = this.#remembered[verdict];
    if (remembered.size >= REMEMBERED[verdict])
      for (const oldest of remembered) {
        remembered.delete(oldest);
        break;
      }
    remembered.add(key);
    return verdict;
  }

  /** The cost of somebody's hash, always the same one's for one name. */
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

import { Key } from "../crypto/key.ts";
import type { KeyMaterial } from "../crypto/key.ts";
import { checkScrypt, deriveKey } from "../crypto/scrypt.ts";
import type { ScryptParameters } from "../crypto/scrypt.ts";
import { isJsonObject } from "../../core/json.ts";
import { parseObject, text } from "./json.ts";

/** A checked key file. restic design document, section "Keys, Encryption and MAC". */
export interface KeyFile {
  readonly scrypt: ScryptParameters;
  readonly salt: Uint8Array;
  /** The sealed master key. */
  readonly data: Uint8Array;
}

/** @throws Error whose message completes "the file …" and is safe to print */
export function decodeKeyFile(stored: Uint8Array): KeyFile {
  const object = parseObject(stored);
  if (object["kdf"] !== "scrypt")
    throw new Error(`has the key derivation ${JSON.stringify(object["kdf"])}, not "scrypt"`);
  const { N, r, p } = object;
  if (typeof N !== "number" || typeof r !== "number" || typeof p !== "number")
    throw new Error("has no scrypt parameters");
  const problem = checkScrypt({ N, r, p });
  if (problem !== undefined) throw new Error(`has ${problem}`);
  const salt = Buffer.from(text(object, "salt"), "base64");
  if (salt.length !== 64) throw new Error("has a salt that is not 64 bytes long");
  const data = Buffer.from(text(object, "data"), "base64");
  if (data.length < 32) throw new Error('has no "data"');
  return { scrypt: { N, r, p }, salt, data };
}

/**
 * The master key, which opens everything else in the repository.
 * @throws SealError `wrong mac` if the password does not open this key; else Error whose message completes "the file …"
 */
export async function openKeyFile(file: KeyFile, password: Uint8Array): Promise<Key> {
  const user = new Key(await deriveKey(password, file.salt, file.scrypt));
  return new Key(masterKey(parseObject(user.open(file.data))));
}

function masterKey(object: Readonly<Record<string, unknown>>): KeyMaterial {
  const mac = object["mac"];
  if (!isJsonObject(mac)) throw new Error("holds no master key");
  const bytes = (value: string): Uint8Array => Buffer.from(value, "base64");
  return {
    encrypt: bytes(text(object, "encrypt")),
    macK: bytes(text(mac, "k")),
    macR: bytes(text(mac, "r")),
  };
}

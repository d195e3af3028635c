import { createCipheriv, createHash, randomBytes, scryptSync } from "node:crypto";
import { zstdCompressSync } from "node:zlib";

import { poly1305 } from "@noble/ciphers/_poly1305.js";

import { Key } from "../../../instrumentation/restic/crypto/key.ts";

export interface KeyOptions {
  readonly N?: number;
  readonly r?: number;
  readonly p?: number;
}

interface Material {
  readonly encrypt: Uint8Array;
  readonly macK: Uint8Array;
  readonly macR: Uint8Array;
}

/** Path below the repository root → stored bytes. */
export type RepositoryFiles = Map<string, Uint8Array>;

export function newMaterial(): Material {
  return { encrypt: randomBytes(32), macK: randomBytes(16), macR: randomBytes(16) };
}

export function seal(
  plain: Uint8Array,
  { encrypt, macK, macR }: Material,
  nonce = randomBytes(16),
): Buffer {
  const ciphertext = createCipheriv("aes-256-ctr", encrypt, nonce).update(plain);
  const pad = createCipheriv("aes-128-ecb", macK, null).setAutoPadding(false).update(nonce);
  return Buffer.concat([nonce, ciphertext, poly1305(ciphertext, Buffer.concat([macR, pad]))]);
}

function idOf(stored: Uint8Array): string {
  return createHash("sha256").update(stored).digest("hex");
}

/**
 * Writes a repository in restic's format, with fast key derivations. The real restic reads such a repository in
 * `test/peers/backends/sealed-repository.test.ts`.
 */
export class SealedRepository {
  readonly files: RepositoryFiles = new Map();
  readonly id: string;
  readonly version: 1 | 2;
  readonly #master = newMaterial();

  constructor(password: string, version: 1 | 2 = 2, scrypt: KeyOptions = {}) {
    this.version = version;
    this.id = randomBytes(32).toString("hex");
    this.writeConfig({ version, id: this.id, chunker_polynomial: "3999ee1b688dbd" });
    this.addKey(password, scrypt);
  }

  /** The parts of the master key, as a leak would show them. */
  secrets(): readonly string[] {
    const { encrypt, macK, macR } = this.#master;
    return [encrypt, macK, macR].flatMap((part) =>
      (["hex", "base64"] as const).map((encoding) => Buffer.from(part).toString(encoding)),
    );
  }

  masterKey(): Key {
    return new Key(this.#master);
  }

  writeConfig(config: object): void {
    this.files.set("config", seal(Buffer.from(JSON.stringify(config)), this.#master));
  }

  /** @returns the name of the key file */
  addKey(password: string, { N = 2, r = 1, p = 1 }: KeyOptions = {}): string {
    const salt = randomBytes(64);
    const derived = scryptSync(password, salt, 64, { N, r, p, maxmem: 2 ** 28 });
    const user = {
      encrypt: derived.subarray(0, 32),
      macK: derived.subarray(32, 48),
      macR: derived.subarray(48, 64),
    };
    const { encrypt, macK, macR } = this.#master;
    const base64 = (value: Uint8Array): string => Buffer.from(value).toString("base64");
    const master = JSON.stringify({
      mac: { k: base64(macK), r: base64(macR) },
      encrypt: base64(encrypt),
    });
    const data = base64(seal(Buffer.from(master), user));
    const file = {
      created: "2026-01-01T00:00:00Z",
      username: "root",
      hostname: "h",
      kdf: "scrypt",
      N,
      r,
      p,
      salt: base64(salt),
      data,
    };
    return this.addFile("keys", Buffer.from(JSON.stringify(file)));
  }

  /** @returns the name of the snapshot file */
  addSnapshot(snapshot: object): string {
    const tree = "41a55ede1d668753302b3ffa563fe43cc0e8543eafbe421564a7676bab3ffe3d";
    return this.addSnapshotText(JSON.stringify({ tree, paths: ["/data"], ...snapshot }));
  }

  addSnapshotText(json: string | Uint8Array): string {
    const plain = Buffer.from(json);
    const encoded =
      this.version === 2 ? Buffer.concat([Buffer.of(2), zstdCompressSync(plain)]) : plain;
    return this.addSealed("snapshots", encoded);
  }

  seal(plain: Uint8Array): Buffer {
    return seal(plain, this.#master);
  }

  /** Seals bytes as they are, for encodings that restic never writes. */
  addSealed(type: string, plain: Uint8Array): string {
    return this.addFile(type, this.seal(plain));
  }

  addFile(type: string, stored: Uint8Array): string {
    const id = idOf(stored);
    this.files.set(`${type}/${id}`, stored);
    return id;
  }
}

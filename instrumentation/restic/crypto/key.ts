import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  timingSafeEqual,
} from "node:crypto";
import type { Cipheriv, KeyObject } from "node:crypto";

import { poly1305 } from "@noble/ciphers/_poly1305.js";

import { atOnce } from "../../core/in-steps.ts";

const NONCE_BYTES = 16;
const MAC_BYTES = 16;
const STEP_BYTES = 2 ** 20;

/** A sealed message did not open: it is cut off, or sealed with another key, or changed since. The message completes "the file …". */
export class SealError extends Error {
  override readonly name = "SealError";
  readonly reason: "too short" | "wrong mac";

  constructor(reason: "too short" | "wrong mac") {
    super(reason === "too short" ? "is shorter than nonce and MAC" : "does not match its MAC");
    this.reason = reason;
  }
}

/** The three parts of a key. restic design document, section "Keys, Encryption and MAC". */
export interface KeyMaterial {
  /** AES-256 key, 32 bytes. */
  readonly encrypt: Uint8Array;
  /** AES-128 key of the MAC, 16 bytes. */
  readonly macK: Uint8Array;
  /** Poly1305 `r`, 16 bytes, clamped or not. */
  readonly macR: Uint8Array;
}

/** Opens sealed messages: `nonce (16) || ciphertext || MAC (16)`, AES-256-CTR with Poly1305-AES over the ciphertext. */
export class Key {
  readonly #encrypt: KeyObject;
  readonly #pad: Cipheriv;
  readonly #macR: Uint8Array;

  /** @throws SealError if a part has the wrong length or is all zero */
  constructor({ encrypt, macK, macR }: KeyMaterial) {
    if (!isKey(encrypt, 32) || !isKey(macK, 16) || !isKey(macR, 16))
      throw new SealError("wrong mac");
    this.#encrypt = createSecretKey(encrypt);
    this.#pad = createCipheriv("aes-128-ecb", createSecretKey(macK), null).setAutoPadding(false);
    this.#macR = Buffer.from(macR);
  }

  /** A key for another purpose, which does not reveal this one. HKDF-SHA256, RFC 5869. */
  derive(purpose: string): KeyObject {
    const derived = hkdfSync("sha256", this.#encrypt, Buffer.alloc(0), purpose, 32);
    return createSecretKey(Buffer.from(derived));
  }

  /** @throws SealError; nothing is decrypted before the MAC was checked */
  open(sealed: Uint8Array): Buffer {
    return atOnce(this.openInSteps(sealed));
  }

  /** As `open`. Yields after each MiB, which takes 5 ms. */
  *openInSteps(sealed: Uint8Array): Generator<void, Buffer> {
    if (sealed.length < NONCE_BYTES + MAC_BYTES) throw new SealError("too short");
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const ciphertext = sealed.subarray(NONCE_BYTES, sealed.length - MAC_BYTES);
    const mac = sealed.subarray(sealed.length - MAC_BYTES);
    // Poly1305-AES: s is AES_k(nonce), so that the MAC also covers the nonce.
    const oneTimeKey = Buffer.concat([this.#macR, this.#pad.update(nonce)]);
    const expected = poly1305.create(oneTimeKey);
    for (let from = 0; from < ciphertext.length; from += STEP_BYTES) {
      if (from > 0) yield;
      expected.update(ciphertext.subarray(from, from + STEP_BYTES));
    }
    if (!timingSafeEqual(expected.digest(), mac) || isZero(nonce)) throw new SealError("wrong mac");
    return createDecipheriv("aes-256-ctr", this.#encrypt, nonce).update(ciphertext);
  }
}

function isKey(bytes: Uint8Array, length: number): boolean {
  return bytes.length === length && !isZero(bytes);
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

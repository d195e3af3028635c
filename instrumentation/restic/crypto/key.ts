import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  timingSafeEqual,
} from "node:crypto";
import type { Cipheriv, KeyObject } from "node:crypto";

import { Poly1305 } from "./poly1305.ts";

const BLOCK_BYTES = 16;
const NONCE_BYTES = 16;
const MAC_BYTES = 16;

/** Most snapshots are shorter. Making a cipher costs more than what so few bytes take, and it is garbage outside of the heap. */
const SHORT_BYTES = 4096;
/** Of the message that is being opened. */
const counters = Buffer.alloc(SHORT_BYTES);

/** Why a sealed message did not open: cut off, or written with another key (or changed since). */
export class SealError extends Error {
  override readonly name = "SealError";
  readonly reason: "too short" | "wrong mac";

  constructor(reason: "too short" | "wrong mac") {
    super(reason === "too short" ? "shorter than nonce and MAC" : "MAC does not match");
    this.reason = reason;
  }
}

/** The three parts of a key, restic design document, section "Keys, Encryption and MAC". */
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
  /** Blocks of the key stream from their counters: CTR, for short messages. */
  readonly #blocks: Cipheriv;
  readonly #pad: Cipheriv;
  readonly #mac: Poly1305;

  /** @throws SealError if a part has the wrong length or is all zero */
  constructor(material: KeyMaterial) {
    const parts: readonly [Uint8Array, number][] = [
      [material.encrypt, 32],
      [material.macK, 16],
      [material.macR, 16],
    ];
    if (
      parts.some(([bytes, length]) => bytes.length !== length || bytes.every((byte) => byte === 0))
    ) {
      throw new SealError("wrong mac");
    }
    this.#encrypt = createSecretKey(material.encrypt);
    this.#blocks = createCipheriv("aes-256-ecb", this.#encrypt, null).setAutoPadding(false);
    this.#pad = createCipheriv("aes-128-ecb", material.macK, null).setAutoPadding(false);
    this.#mac = new Poly1305(material.macR);
  }

  /** A key for another purpose, from which this one cannot be found out (HKDF-SHA256, RFC 5869). */
  derive(purpose: string): KeyObject {
    const derived = hkdfSync("sha256", this.#encrypt, Buffer.alloc(0), purpose, 32);
    return createSecretKey(Buffer.from(derived));
  }

  /** @throws SealError; nothing is decrypted before the MAC was found right */
  open(sealed: Uint8Array): Buffer {
    if (sealed.length < NONCE_BYTES + MAC_BYTES) throw new SealError("too short");
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const ciphertext = sealed.subarray(NONCE_BYTES, sealed.length - MAC_BYTES);
    // Poly1305-AES: what is added to the sum is AES_k(nonce), so that the MAC binds the nonce as well.
    const mac = this.#mac.tag(ciphertext, this.#pad.update(nonce));
    if (
      nonce.every((byte) => byte === 0) ||
      !timingSafeEqual(mac, sealed.subarray(sealed.length - MAC_BYTES))
    ) {
      throw new SealError("wrong mac");
    }
    return ciphertext.length > SHORT_BYTES
      ? createDecipheriv("aes-256-ctr", this.#encrypt, nonce).update(ciphertext)
      : this.#decryptShort(nonce, ciphertext);
  }

  /** NIST SP 800-38A section 6.5: the nonce is the first counter, of 128 bits. */
  #decryptShort(nonce: Uint8Array, ciphertext: Uint8Array): Buffer {
    const end = Math.ceil(ciphertext.length / BLOCK_BYTES) * BLOCK_BYTES;
    counters.set(nonce);
    for (let at = BLOCK_BYTES; at < end; at += BLOCK_BYTES) {
      counters.copyWithin(at, at - BLOCK_BYTES, at);
      let digit = at + BLOCK_BYTES - 1;
      while ((counters[digit] = ((counters[digit] ?? 0) + 1) & 255) === 0 && digit > at) digit -= 1;
    }
    const stream = this.#blocks.update(counters.subarray(0, end));
    for (let index = 0; index < ciphertext.length; index++)
      stream[index] = (stream[index] ?? 0) ^ (ciphertext[index] ?? 0);
    return stream.subarray(0, ciphertext.length);
  }
}

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
/** A call of a cipher costs more than a few blocks: one is made for as many short messages as fit in here. */
const counters = Buffer.alloc(4 * SHORT_BYTES);
/** Of the messages that are opened together. */
const nonces = Buffer.alloc(64 * NONCE_BYTES);

/** Why a sealed message did not open: cut off, or written with another key (or changed since). */
export class SealError extends Error {
  override readonly name = "SealError";
  readonly reason: "too short" | "wrong mac";

  constructor(reason: "too short" | "wrong mac") {
    super(reason === "too short" ? "shorter than nonce and MAC" : "MAC does not match");
    this.reason = reason;
  }
}

/** What may be opened, with whatever belongs to it. */
interface Message {
  readonly sealed: Uint8Array;
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
    const [[, opened] = []] = this.openFirst([{ sealed }], 0);
    if (opened === undefined || opened instanceof SealError)
      throw opened ?? new RangeError("nothing was opened");
    return opened;
  }

  /**
   * Opens as many messages from this one on as can be opened together: at least one. Does not throw.
   * @param from the place of one that is there
   * @returns what is in each, or why it did not open
   */
  openFirst<M extends Message>(
    messages: readonly M[],
    from: number,
  ): readonly (readonly [M, Buffer | SealError])[] {
    const batch = messages.slice(from, from + together(messages, from));
    batch.forEach(({ sealed }, place) =>
      nonces.set(sealed.subarray(0, NONCE_BYTES), place * NONCE_BYTES),
    );
    const pads = this.#pad.update(nonces.subarray(0, batch.length * NONCE_BYTES));
    const problems = batch.map(({ sealed }, place) =>
      this.#problem(sealed, pads.subarray(place * NONCE_BYTES, (place + 1) * NONCE_BYTES)),
    );
    let end = 0;
    batch.forEach(({ sealed }, place) => {
      if (!problems[place] && isShort(sealed)) end = addCounters(sealed, end);
    });
    const stream = this.#blocks.update(counters.subarray(0, end));
    let at = 0;
    return batch.map((message, place) => {
      const problem = problems[place];
      if (problem) return [message, problem];
      const { sealed } = message;
      if (!isShort(sealed)) return [message, this.#decryptLong(sealed)];
      const start = at;
      at += blockBytes(sealed);
      return [message, decryptShort(sealed, stream.subarray(start))];
    });
  }

  /** @param pad AES_k(nonce), which is added to the sum (Poly1305-AES): the MAC binds the nonce as well */
  #problem(sealed: Uint8Array, pad: Uint8Array): SealError | undefined {
    if (sealed.length < NONCE_BYTES + MAC_BYTES) return new SealError("too short");
    const mac = this.#mac.tag(ciphertextOf(sealed), pad);
    if (timingSafeEqual(mac, sealed.subarray(sealed.length - MAC_BYTES)) && hasNonce(sealed))
      return undefined;
    return new SealError("wrong mac");
  }

  #decryptLong(sealed: Uint8Array): Buffer {
    const nonce = sealed.subarray(0, NONCE_BYTES);
    return createDecipheriv("aes-256-ctr", this.#encrypt, nonce).update(ciphertextOf(sealed));
  }
}

/** How many messages from this one on are opened with one call of each cipher; what is not short is alone. */
function together(messages: readonly Message[], from: number): number {
  const most = Math.min(messages.length - from, nonces.length / NONCE_BYTES);
  let bytes = 0;
  for (let count = 0; count < most; count++) {
    const message = messages[from + count];
    if (!message || !isShort(message.sealed)) return Math.max(count, 1);
    bytes += blockBytes(message.sealed);
    if (bytes > counters.length) return count;
  }
  return most;
}

/** Whether it is opened together with others. */
function isShort(sealed: Uint8Array): boolean {
  return blockBytes(sealed) <= SHORT_BYTES;
}

/** The blocks of its ciphertext. */
function blockBytes(sealed: Uint8Array): number {
  const bytes = Math.max(0, sealed.length - NONCE_BYTES - MAC_BYTES);
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
}

function ciphertextOf(sealed: Uint8Array): Uint8Array {
  return sealed.subarray(NONCE_BYTES, sealed.length - MAC_BYTES);
}

/** A nonce of zeros is none. */
function hasNonce(sealed: Uint8Array): boolean {
  for (let at = 0; at < NONCE_BYTES; at++) if (sealed[at] !== 0) return true;
  return false;
}

/** Writes the counters of its blocks: the nonce is the first one, of 128 bits. NIST SP 800-38A, section 6.5. @returns their end */
function addCounters(sealed: Uint8Array, start: number): number {
  const end = start + blockBytes(sealed);
  if (end > start) counters.set(sealed.subarray(0, NONCE_BYTES), start);
  for (let at = start + BLOCK_BYTES; at < end; at += BLOCK_BYTES) {
    counters.copyWithin(at, at - BLOCK_BYTES, at);
    let digit = at + BLOCK_BYTES - 1;
    while ((counters[digit] = ((counters[digit] ?? 0) + 1) & 255) === 0 && digit > at) digit -= 1;
  }
  return end;
}

/** @param stream what its counters were encrypted to; becomes the message */
function decryptShort(sealed: Uint8Array, stream: Buffer): Buffer {
  const plain = stream.subarray(0, sealed.length - NONCE_BYTES - MAC_BYTES);
  for (let index = 0; index < plain.length; index++)
    plain[index] = (plain[index] ?? 0) ^ (sealed[NONCE_BYTES + index] ?? 0);
  return plain;
}

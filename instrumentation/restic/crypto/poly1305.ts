const BLOCK_BYTES = 16;
/** Numbers of 130 bits are six limbs of 22: products of limbs, and sums of those, are exact in a double. */
const LIMBS = 6;
const LIMB_BITS = 22;
const LIMB = 2 ** LIMB_BITS;
/** Of 130 bits the last limb has 20. */
const LAST_LIMB = 2 ** 20;
/** The bit above a whole block, of which the last limb has 18. */
const ABOVE_BLOCK = 2 ** 18;
/** 2^130 is this, modulo 2^130 - 5. */
const FIVE = 5;
/** 2^132, which the last limb cannot hold, likewise. */
const WRAP = 4 * FIVE;

/** Poly1305, RFC 8439, section 2.5, with an `r` that stays for all messages, as restic has it: nothing is made anew for one. */
export class Poly1305 {
  /** The limbs of `r`, and the same times WRAP: for what a product has above 2^132. */
  readonly #r = new Float64Array(LIMBS);
  readonly #wrapped: Float64Array;
  readonly #sum = new Float64Array(LIMBS);
  readonly #last = new Uint8Array(BLOCK_BYTES);
  readonly #tag = new Uint8Array(BLOCK_BYTES);

  /** @param r 16 bytes, clamped or not */
  constructor(r: Uint8Array) {
    const clamped = r.map((byte, at) => {
      if (at % 4 === 3) return byte & 15;
      return at % 4 === 0 && at > 0 ? byte & 252 : byte;
    });
    add(this.#r, clamped);
    this.#wrapped = this.#r.map((limb) => limb * WRAP);
  }

  /** The tag of a message, 16 bytes that stand until the next call. @param s 16 bytes, for this message alone */
  tag(message: Uint8Array, s: Uint8Array): Uint8Array {
    const sum = this.#sum.fill(0);
    const whole = message.length - (message.length % BLOCK_BYTES);
    this.#absorb(message, whole, ABOVE_BLOCK);
    if (whole < message.length) {
      this.#last.fill(0).set(message.subarray(whole));
      this.#last[message.length - whole] = 1;
      this.#absorb(this.#last, BLOCK_BYTES, 0);
    }
    const about = overflow(sum, 0);
    sum[0] = (sum[0] ?? 0) + FIVE * overflow(sum, FIVE * (about + 1));
    add(sum, s);
    return write(sum, this.#tag);
  }

  /**
   * Adds each block before `end` to the sum and multiplies that by `r`. All bytes of a repository go through here: limbs are
   * variables, which takes a third of the time that loops over them take.
   * @param above what the last limb has beside the bits of a block
   */
  #absorb(bytes: Uint8Array, end: number, above: number): void {
    const [r, wrapped, sum] = [this.#r, this.#wrapped, this.#sum];
    const r0 = r[0] ?? 0;
    const r1 = r[1] ?? 0;
    const r2 = r[2] ?? 0;
    const r3 = r[3] ?? 0;
    const r4 = r[4] ?? 0;
    const r5 = r[5] ?? 0;
    const w1 = wrapped[1] ?? 0;
    const w2 = wrapped[2] ?? 0;
    const w3 = wrapped[3] ?? 0;
    const w4 = wrapped[4] ?? 0;
    const w5 = wrapped[5] ?? 0;
    let s0 = sum[0] ?? 0;
    let s1 = sum[1] ?? 0;
    let s2 = sum[2] ?? 0;
    let s3 = sum[3] ?? 0;
    let s4 = sum[4] ?? 0;
    let s5 = sum[5] ?? 0;
    for (let at = 0; at < end; at += BLOCK_BYTES) {
      const b2 = bytes[at + 2] ?? 0;
      const b5 = bytes[at + 5] ?? 0;
      const b8 = bytes[at + 8] ?? 0;
      const b13 = bytes[at + 13] ?? 0;
      s0 += (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((b2 & 63) << 16);
      s1 +=
        (b2 >> 6) | ((bytes[at + 3] ?? 0) << 2) | ((bytes[at + 4] ?? 0) << 10) | ((b5 & 15) << 18);
      s2 +=
        (b5 >> 4) | ((bytes[at + 6] ?? 0) << 4) | ((bytes[at + 7] ?? 0) << 12) | ((b8 & 3) << 20);
      s3 += (b8 >> 2) | ((bytes[at + 9] ?? 0) << 6) | ((bytes[at + 10] ?? 0) << 14);
      s4 += (bytes[at + 11] ?? 0) | ((bytes[at + 12] ?? 0) << 8) | ((b13 & 63) << 16);
      s5 += (b13 >> 6) | ((bytes[at + 14] ?? 0) << 2) | ((bytes[at + 15] ?? 0) << 10) | above;

      const p0 = s0 * r0 + s1 * w5 + s2 * w4 + s3 * w3 + s4 * w2 + s5 * w1;
      const c0 = Math.floor(p0 / LIMB);
      const p1 = s0 * r1 + s1 * r0 + s2 * w5 + s3 * w4 + s4 * w3 + s5 * w2 + c0;
      const c1 = Math.floor(p1 / LIMB);
      const p2 = s0 * r2 + s1 * r1 + s2 * r0 + s3 * w5 + s4 * w4 + s5 * w3 + c1;
      const c2 = Math.floor(p2 / LIMB);
      const p3 = s0 * r3 + s1 * r2 + s2 * r1 + s3 * r0 + s4 * w5 + s5 * w4 + c2;
      const c3 = Math.floor(p3 / LIMB);
      const p4 = s0 * r4 + s1 * r3 + s2 * r2 + s3 * r1 + s4 * r0 + s5 * w5 + c3;
      const c4 = Math.floor(p4 / LIMB);
      const p5 = s0 * r5 + s1 * r4 + s2 * r3 + s3 * r2 + s4 * r1 + s5 * r0 + c4;
      const c5 = Math.floor(p5 / LIMB);

      const first = p0 - c0 * LIMB + c5 * WRAP;
      const c6 = Math.floor(first / LIMB);
      s0 = first - c6 * LIMB;
      s1 = p1 - c1 * LIMB + c6;
      s2 = p2 - c2 * LIMB;
      s3 = p3 - c3 * LIMB;
      s4 = p4 - c4 * LIMB;
      s5 = p5 - c5 * LIMB;
    }
    sum[0] = s0;
    sum[1] = s1;
    sum[2] = s2;
    sum[3] = s3;
    sum[4] = s4;
    sum[5] = s5;
  }
}

/** Adds 16 bytes. */
function add(sum: Float64Array, bytes: Uint8Array): void {
  let held = 0;
  let bits = 0;
  let limb = 0;
  for (const byte of bytes) {
    held |= byte << bits;
    bits += 8;
    if (bits < LIMB_BITS) continue;
    sum[limb] = (sum[limb] ?? 0) + (held & (LIMB - 1));
    limb += 1;
    held >>>= LIMB_BITS;
    bits -= LIMB_BITS;
  }
  sum[limb] = (sum[limb] ?? 0) + held;
}

/** How often 2^130 is in the sum and what is added to it. */
function overflow(sum: Float64Array, addend: number): number {
  let above = addend;
  for (let limb = 0; limb < LIMBS; limb++)
    above = Math.floor(((sum[limb] ?? 0) + above) / (limb === LIMBS - 1 ? LAST_LIMB : LIMB));
  return above;
}

/** Its lower 128 bits. */
function write(sum: Float64Array, bytes: Uint8Array): Uint8Array {
  let held = 0;
  let bits = 0;
  let limb = 0;
  for (let at = 0; at < BLOCK_BYTES; at++) {
    if (bits < 8) {
      held += (sum[limb] ?? 0) * 2 ** bits;
      limb += 1;
      bits += LIMB_BITS;
    }
    bytes[at] = held;
    held = Math.floor(held / 256);
    bits -= 8;
  }
  return bytes;
}

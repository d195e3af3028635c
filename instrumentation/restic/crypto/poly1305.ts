const BLOCK_BYTES = 16;
/** Numbers of 130 bits are six limbs of 22: products of limbs, and sums of those, are exact in a double. */
const LIMBS = 6;
const LIMB_BITS = 22;
const LIMB = 2 ** LIMB_BITS;
/** Of 130 bits the last limb has 20. */
const LAST_LIMB = 2 ** 20;
/** 2^130 is this, modulo 2^130 - 5. */
const FIVE = 5;
/** 2^132, which the last limb cannot hold, likewise. */
const WRAP = 4 * FIVE;

/** Poly1305, RFC 8439, section 2.5, with an `r` that stays for all messages, as restic has it: nothing is made anew for one. */
export class Poly1305 {
  /** The limbs of `r`, and before them the same times WRAP: limb `j` of the sum goes into limb `i` by the one at `LIMBS + i - j`. */
  readonly #factors = new Float64Array(2 * LIMBS);
  readonly #sum = new Float64Array(LIMBS);
  readonly #product = new Float64Array(LIMBS);
  readonly #last = new Uint8Array(BLOCK_BYTES);
  readonly #tag = new Uint8Array(BLOCK_BYTES);

  /** @param r 16 bytes, clamped or not */
  constructor(r: Uint8Array) {
    const clamped = r.map((byte, at) => {
      if (at % 4 === 3) return byte & 15;
      return at % 4 === 0 && at > 0 ? byte & 252 : byte;
    });
    const limbs = this.#factors.subarray(LIMBS);
    add(limbs, clamped, 0, 0);
    this.#factors.set(limbs.map((limb) => limb * WRAP));
  }

  /** The tag of a message, 16 bytes that stand until the next call. @param s 16 bytes, for this message alone */
  tag(message: Uint8Array, s: Uint8Array): Uint8Array {
    const sum = this.#sum.fill(0);
    const whole = message.length - (message.length % BLOCK_BYTES);
    for (let at = 0; at < whole; at += BLOCK_BYTES) {
      add(sum, message, at, 1);
      this.#multiply();
    }
    if (whole < message.length) {
      this.#last.fill(0).set(message.subarray(whole));
      this.#last[message.length - whole] = 1;
      add(sum, this.#last, 0, 0);
      this.#multiply();
    }
    const about = overflow(sum, 0);
    sum[0] = (sum[0] ?? 0) + FIVE * overflow(sum, FIVE * (about + 1));
    add(sum, s, 0, 0);
    return write(sum, this.#tag);
  }

  #multiply(): void {
    const sum = this.#sum;
    const product = this.#product;
    const factors = this.#factors;
    for (let limb = 0; limb < LIMBS; limb++) {
      let value = 0;
      for (let other = 0; other < LIMBS; other++)
        value += (sum[other] ?? 0) * (factors[LIMBS + limb - other] ?? 0);
      product[limb] = value;
    }
    let above = 0;
    for (let limb = 0; limb < LIMBS; limb++) {
      const value = (product[limb] ?? 0) + above;
      above = Math.floor(value / LIMB);
      sum[limb] = value - above * LIMB;
    }
    const first = (sum[0] ?? 0) + above * WRAP;
    above = Math.floor(first / LIMB);
    sum[0] = first - above * LIMB;
    sum[1] = (sum[1] ?? 0) + above;
  }
}

/** Adds the 128 bits that begin at `at`, and the one above them. */
function add(sum: Float64Array, bytes: Uint8Array, at: number, above: 0 | 1): void {
  let held = 0;
  let bits = 0;
  let limb = 0;
  for (let index = at; index < at + BLOCK_BYTES; index++) {
    held |= (bytes[index] ?? 0) << bits;
    bits += 8;
    if (bits < LIMB_BITS) continue;
    sum[limb] = (sum[limb] ?? 0) + (held & (LIMB - 1));
    limb += 1;
    held >>>= LIMB_BITS;
    bits -= LIMB_BITS;
  }
  sum[limb] = (sum[limb] ?? 0) + held + above * 2 ** bits;
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

import { createCipheriv, randomBytes } from "node:crypto";

import { poly1305 } from "@noble/ciphers/_poly1305.js";
import { expect, test } from "vitest";

// The module's name begins with an underscore: these tests must pass before its version is changed.

const FULL = "ff".repeat(16);
const ZERO = "00".repeat(16);

function low(byte: string): string {
  return byte + "00".repeat(15);
}

function tag(r: string, s: string, message: string): string {
  const key = Buffer.from(r + s, "hex");
  return Buffer.from(poly1305(Buffer.from(message, "hex"), key)).toString("hex");
}

test("RFC 8439, section 2.5.2", () => {
  expect(
    tag(
      "85d6be7857556d337f4452fe42d506a8",
      "0103808afb0db2fd4abff6af4149f51b",
      Buffer.from("Cryptographic Forum Research Group").toString("hex"),
    ),
  ).toBe("a8061dc1305136c6c22b8baf0c0127a9");
});

test.for([
  ["1: all is zero", ZERO, ZERO, ZERO.repeat(4), ZERO],
  ["7: the product is above 2^130 - 5", low("02"), ZERO, FULL, low("03")],
  ["8: the sum with s is above 2^128", low("02"), FULL, low("02"), low("03")],
  ["9: a carry through all", low("01"), ZERO, `${FULL}f0${"ff".repeat(15)}${low("11")}`, low("05")],
  ["10: 2^130 - 5 itself", low("01"), ZERO, `${FULL}fb${"fe".repeat(15)}${"01".repeat(16)}`, ZERO],
  ["11: just below it", low("02"), ZERO, `fd${"ff".repeat(15)}`, `fa${"ff".repeat(15)}`],
] as const)("RFC 8439, appendix A.3, vector %s", ([, r, s, message, expected]) => {
  expect(tag(r, s, message)).toBe(expected);
});

/** r, k, nonce, message, MAC. */
const POLY1305_AES = [
  [
    "851fc40c3467ac0be05cc20404f3f700",
    "ec074c835580741701425b623235add6",
    "fb447350c4e868c52ac3275cf9d4327e",
    "f3f6",
    "f4c633c3044fc145f84f335cb81953de",
  ],
  [
    "a0f3080000f46400d0c7e9076c834403",
    "75deaa25c09f208e1dc4ce6b5cad3fbf",
    "61ee09218d29b0aaed7e154a2c5509cc",
    "",
    "dd3fab2251f11ac759f0887129cc2ee7",
  ],
  [
    "48443d0bb0d21109c89a100b5ce2c208",
    "6acb5f61a7176dd320c5c1eb2edcdc74",
    "ae212a55399729595dea458bc621ff0e",
    "663cea190ffb83d89593f3f476b6bc24d7e679107ea26adb8caf6652d0656136",
    "0ee1c16bb73f0f4fd19881753c01cdbe",
  ],
  [
    "12976a08c4426d0ce8a82407c4f48207",
    "e1a5668a4d5b66a5f68cc5424ed5982d",
    "9ae831e743978d3a23527c7128149e3a",
    "ab0812724a7f1e342742cbed374d94d136c6b8795d45b3819830f2c04491faf0990c62e48b8018b2c3e4a0fa3134cb67fa83e158c994d961c4cb21095c1bf9",
    "5154ad0d2cb26e01274fc51148491f1b",
  ],
] as const;

test.for(POLY1305_AES)(
  "the Poly1305-AES paper, appendix B: r = %s",
  ([r, k, nonce, message, mac]) => {
    const pad = createCipheriv("aes-128-ecb", Buffer.from(k, "hex"), null)
      .setAutoPadding(false)
      .update(nonce, "hex", "hex");
    expect(tag(r, pad, message)).toBe(mac);
  },
);

test("OpenSSL computes the same tag for messages of any length", () => {
  for (let length = 0; length < 400; length++) {
    const key = randomBytes(32);
    const nonce = randomBytes(12);
    // RFC 8439, sections 2.6 and 2.8: the tag of the AEAD is Poly1305 with a key from block 0.
    const aead = createCipheriv("chacha20-poly1305", key, nonce, { authTagLength: 16 });
    const ciphertext = aead.update(length % 3 === 0 ? Buffer.alloc(length) : randomBytes(length));
    aead.final();
    const oneTimeKey = createCipheriv("chacha20", key, Buffer.concat([Buffer.alloc(4), nonce]));
    const padding = Buffer.alloc((16 - (length % 16)) % 16);
    const lengths = Buffer.alloc(16);
    lengths.writeUInt32LE(length, 8);
    const mac = poly1305(
      Buffer.concat([ciphertext, padding, lengths]),
      oneTimeKey.update(Buffer.alloc(32)),
    );
    expect(aead.getAuthTag().equals(mac), `${length} bytes`).toBe(true);
  }
});

import { randomBytes } from "node:crypto";

import { poly1305 as other } from "@noble/ciphers/_poly1305.js";
import { expect, test } from "vitest";

import { Poly1305 } from "../../../instrumentation/restic/crypto/poly1305.ts";

const FULL = "ff".repeat(16);
const ZERO = "00".repeat(16);

function low(byte: string): string {
  return byte + "00".repeat(15);
}

function tag(r: string, s: string, message: string): string {
  const mac = new Poly1305(Buffer.from(r, "hex"));
  return Buffer.from(mac.tag(Buffer.from(message, "hex"), Buffer.from(s, "hex"))).toString("hex");
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

test("what another implementation gives, for messages of any length, one after the other", () => {
  for (const fill of [undefined, 0, 1, 255]) {
    const r = fill === undefined ? randomBytes(16) : Buffer.alloc(16, fill);
    const mac = new Poly1305(r);
    for (let length = 0; length < 400; length++) {
      const message = length % 3 === 0 ? Buffer.alloc(length, 255) : randomBytes(length);
      const s = length % 2 === 0 ? Buffer.alloc(16, 255) : randomBytes(16);
      const expected = other(message, Buffer.concat([r, s]));
      expect(Buffer.compare(mac.tag(message, s), expected), `${length} bytes`).toBe(0);
    }
  }
});

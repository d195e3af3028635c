import { randomBytes } from "node:crypto";

import { expect, test } from "vitest";

import { Key, SealError } from "../../../instrumentation/restic/crypto/key.ts";
import { checkScrypt, deriveKey } from "../../../instrumentation/restic/crypto/scrypt.ts";
import { decodeConfig } from "../../../instrumentation/restic/repository/config.ts";
import { decodeKeyFile, openKeyFile } from "../../../instrumentation/restic/repository/key-file.ts";
import { unpack } from "../../../instrumentation/restic/repository/decompress.ts";
import { newMaterial, seal } from "../../support/repository/sealed-repository.ts";
import vectors from "../vectors.json" with { type: "json" };

const MIB = 2 ** 20;
const versions = [
  ["v1", vectors.v1],
  ["v2", vectors.v2],
] as const;

function bytes(base64: string): Buffer {
  return Buffer.from(base64, "base64");
}

function master(json: string): Key {
  const { mac, encrypt } = JSON.parse(json);
  return new Key({ encrypt: bytes(encrypt), macK: bytes(mac.k), macR: bytes(mac.r) });
}

const password = Buffer.from(vectors.password_utf8_hex, "hex");

test.for(versions)(
  "%s: scrypt gives the user key, which opens the master key",
  async ([, vector]) => {
    const file = decodeKeyFile(Buffer.from(vector.key_file));
    const user = await deriveKey(password, file.salt, file.scrypt);
    expect(Buffer.concat([user.encrypt, user.macK, user.macR]).toString("hex")).toBe(
      vector.scrypt64_hex,
    );
    expect(new Key(user).open(file.data).toString()).toBe(vector.master_json);
    const opened = await openKeyFile(file, password);
    expect(opened.open(bytes(vector.config_b64)).toString()).toBe(vector.config_json);
  },
);

test.for(versions)("%s: the master key opens config, snapshot and lock", ([version, vector]) => {
  const key = master(vector.master_json);
  expect(decodeConfig(bytes(vector.config_b64), key).version).toBe(version === "v1" ? 1 : 2);
  const snapshot = unpack(key.open(bytes(vector.snapshot_b64)), MIB);
  expect(Buffer.from(snapshot.json).toString()).toBe(vector.snapshot_json);
  expect(snapshot.compressed).toBe(version === "v2");
  // The frame of a lock has no content size: a decoder that needs one fails here.
  expect(Buffer.from(unpack(key.open(bytes(vector.lock_b64)), MIB).json).toString()).toBe(
    vector.lock_json,
  );
});

test("restic's own test vector opens, and no changed one does", () => {
  // internal/crypto/crypto_int_test.go
  const key = new Key({
    encrypt: Buffer.from("303e8687b1d7db18421bdc6bb8588ccadac4d59ee87b8ff70c44e635790cafef", "hex"),
    macK: Buffer.from("ef4d8824cb80b2bcc5fbff8a9b12a42c", "hex"),
    macR: Buffer.from("cc8d4b948ee0ebfe1d415de921d10353", "hex"),
  });
  const sealed = Buffer.from(
    "69fb41c62d12def4593bd71757138606338f621aeaeb39da0fe4f99233f8037a54ea63338a813bcf3f75d8c3cc75dddf8750",
    "hex",
  );
  expect(key.open(sealed).toString()).toBe("Dies ist ein Test!");
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = Buffer.from(sealed);
    const at = Math.floor(bit / 8);
    changed[at] = (changed[at] ?? 0) ^ (1 << (bit % 8));
    expect(() => key.open(changed)).toThrow("does not match its MAC");
  }
});

test("another password does not open the master key", async () => {
  const file = decodeKeyFile(Buffer.from(vectors.v1.key_file));
  await expect(openKeyFile(file, Buffer.from("another"))).rejects.toThrow(SealError);
});

test.for([0, 15, 16, 40, -16, -1])("a flipped bit at byte %i is an error", (position) => {
  const sealed = bytes(vectors.v1.snapshot_b64);
  const index = position < 0 ? sealed.length + position : position;
  sealed[index] = (sealed[index] ?? 0) ^ 1;
  expect(() => master(vectors.v1.master_json).open(sealed)).toThrow("does not match its MAC");
});

test("a message of 31 bytes is too short, one of 32 zeros has a wrong MAC", () => {
  const key = master(vectors.v1.master_json);
  expect(() => key.open(bytes(vectors.v1.snapshot_b64).subarray(0, 31))).toThrow(
    "is shorter than nonce and MAC",
  );
  expect(() => key.open(Buffer.alloc(32))).toThrow("does not match its MAC");
});

test.for([
  [
    "a part of a wrong length",
    { encrypt: Buffer.alloc(31, 1), macK: Buffer.alloc(16, 1), macR: Buffer.alloc(16, 1) },
  ],
  [
    "a part that is all zero",
    { encrypt: Buffer.alloc(32, 1), macK: Buffer.alloc(16), macR: Buffer.alloc(16, 1) },
  ],
] as const)("a key with %s is refused", ([, material]) => {
  expect(() => new Key(material)).toThrow(SealError);
});

test.for([
  [{ N: 2 ** 30, r: 8, p: 1 }, "scrypt N=1073741824 r=8 p=1 costs more than N·r·p = 2^25"],
  [{ N: 2 ** 21, r: 16, p: 1 }, "scrypt N=2097152 r=16 needs more than 256 MiB"],
  [{ N: 30_000, r: 8, p: 1 }, "scrypt N=30000 is not a power of two"],
  [{ N: 1, r: 8, p: 1 }, "scrypt N=1 is not a power of two"],
  [{ N: 0, r: 8, p: 1 }, "scrypt parameters are not positive integers"],
  [{ N: 32_768, r: 8, p: 0.5 }, "scrypt parameters are not positive integers"],
  [{ N: 65_536, r: 8, p: 1 }, undefined],
  [{ N: 32_768, r: 8, p: 8 }, undefined],
] as const)("scrypt parameters %o", ([parameters, problem]) => {
  expect(checkScrypt(parameters)).toBe(problem);
});

test.for([
  "00".repeat(15) + "01",
  "00".repeat(14) + "ff01",
  "ff".repeat(16),
  "12" + "ff".repeat(15),
])("messages of any length open with the first counter block %s", (nonceHex) => {
  const material = newMaterial();
  const key = new Key(material);
  const nonce = Buffer.from(nonceHex, "hex");
  for (const length of [0, 1, 15, 16, 17, 300, 4064, 4095, 4096, 4097, 9000]) {
    const plain = randomBytes(length);
    expect(key.open(seal(plain, material, nonce)).equals(plain)).toBe(true);
  }
});

test("a nonce of zeros is refused, even with the right MAC", () => {
  const material = newMaterial();
  const sealed = seal(randomBytes(50), material, Buffer.alloc(16));
  expect(() => new Key(material).open(sealed)).toThrow("does not match its MAC");
});

test("a message of megabytes opens in steps of a MiB, and its last byte counts", () => {
  const material = newMaterial();
  const key = new Key(material);
  for (const [length, yields] of [
    [0, 0],
    [MIB, 0],
    [MIB + 1, 1],
    [3 * MIB + 5, 3],
  ] as const) {
    const plain = Buffer.alloc(length, "text");
    const sealed = seal(plain, material);
    const steps = key.openInSteps(sealed);
    for (let count = 0; count < yields; count++) expect(steps.next().done).toBe(false);
    const { done, value } = steps.next();
    expect([done, value && plain.equals(value)]).toEqual([true, true]);
    expect(key.open(sealed).equals(plain)).toBe(true);
    const last = sealed.length - 17;
    sealed[last] = (sealed[last] ?? 0) ^ 1;
    expect(() => key.open(sealed)).toThrow("does not match its MAC");
  }
});

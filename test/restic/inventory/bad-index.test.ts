import { zstdCompressSync } from "node:zlib";

import { expect, test } from "vitest";

import { refusalOf } from "../../support/inventory/bad-index.ts";
import {
  FINE,
  InventoryScene,
  randomId,
  sceneOfTwo,
} from "../../support/inventory/inventory-scene.ts";

const ID = "0123456789abcdef".repeat(4);
const BLOB = `{"id":"${ID}","type":"data","offset":0,"length":100}`;

test("an index file that declares 1 GiB and has less is damaged", async () => {
  const frame = zstdCompressSync(Buffer.alloc(300));
  // Frame_Content_Size of a frame with four bytes of it. RFC 8878, section 3.1.1.1.
  const head = Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0x40);
  expect(await refusalOf(Buffer.concat([Buffer.of(2), head, frame.subarray(7)]))).toBe(
    "has damaged zstd data",
  );
});

/** Values that are no length, as text: JSON.stringify cannot write all of them. */
const NO_LENGTHS = [
  "9007199254740992",
  "9007199254740993",
  "1e300",
  "1e999",
  "4294967296",
  "-1",
  "-9007199254740993",
  "0.5",
  '"100"',
  "null",
  "[]",
  "{}",
  "true",
];

test.for(["length", "uncompressed_length"].flatMap((key) => NO_LENGTHS.map((of) => [key, of])))(
  "a blob whose %s is %s makes its index file unreadable",
  async ([key, value]) => {
    const blob = BLOB.replace('"length":100', `"length":100,"${key}":${value}`);
    const json = `{"packs":[{"id":"${ID}","blobs":[${BLOB},${blob}]}]}`;
    expect(await refusalOf(Buffer.from(json))).toBe(`has an invalid blob in the pack ${ID}`);
  },
);

test.for([0, 31])(
  "a blob of %i bytes, which has no room for nonce and MAC, makes its index file unreadable",
  async (length) => {
    const json = `{"packs":[{"id":"${ID}","blobs":[${BLOB.replace("100", String(length))}]}]}`;
    expect(await refusalOf(Buffer.from(json))).toBe(`has an invalid blob in the pack ${ID}`);
  },
);

test("the longest lengths are summed up exactly", async () => {
  const made = new InventoryScene();
  const longest = { type: "data", offset: 2 ** 53, length: 2 ** 32 - 1 } as const;
  const pack = {
    id: randomId(),
    blobs: Array.from({ length: 1000 }, () => ({ ...longest, id: randomId() })),
  };
  made.packs.set(pack.id, 36 + 1000 * (2 ** 32 - 1 + 37));
  made.index([pack]);
  const { counts } = await made.take();
  expect(counts).toMatchObject({ ...FINE, indexedBytes: 1000 * (2 ** 32 - 1), packs: 1 });
});

const NO_IDS = [
  '"../../../../etc/passwd"',
  `"${ID.slice(1)}"`,
  `"${ID}0"`,
  `"${"z".repeat(64)}"`,
  `"${ID.slice(2)}\\u0000\\n"`,
  '""',
  "null",
  "7",
  "[]",
];

test.for(NO_IDS)("a pack whose id is %s makes its index file unreadable", async (id) => {
  for (const section of ["packs", "packs_to_delete"])
    expect(await refusalOf(Buffer.from(`{"${section}":[{"id":${id},"blobs":[]}]}`))).toBe(
      "has a pack without a valid id",
    );
});

// Of the id of a blob the first 16 digits are kept, and checked.
test.for(NO_IDS.filter((id) => !id.includes("\\u0000")))(
  "a blob whose id is %s makes its index file unreadable",
  async (id) => {
    const json = `{"packs":[{"id":"${ID}","blobs":[{"id":${id},"type":"data","length":100}]}]}`;
    expect(await refusalOf(Buffer.from(json))).toBe(`has an invalid blob in the pack ${ID}`);
  },
);

test.for(["{}", '"x"', "7", "true"])(
  "an index file whose packs are %s is unreadable",
  async (value) => {
    expect(await refusalOf(Buffer.from(`{"packs":${value}}`))).toBe("is not a valid index");
  },
);

test("listed files whose names are no ids are ignored", async () => {
  const made = sceneOfTwo();
  for (const name of ["../config", ID.toUpperCase(), ID.slice(1), `${ID}.tmp`, "", "\0"]) {
    made.packs.set(name, 5);
    made.sealed.files.set(`index/${name}`, Buffer.from("x"));
  }
  const { counts } = await made.take();
  expect(counts).toMatchObject({ ...FINE, packs: 4, indexFiles: 2 });
});

test.for<readonly [string, object]>([
  ["supersedes that is no list", { supersedes: "x" }],
  ["supersedes with values that are no ids", { supersedes: [null, 7, "x", {}] }],
  ["members that no version of restic knows", { later: [[[]]], packs_later: null }],
  ["packs_to_delete that is no list", { packs_to_delete: { id: ID } }],
  ["no packs to delete", { packs_to_delete: null }],
])("an index file with %s is read", async ([, more]) => {
  const made = sceneOfTwo();
  const pack = made.pack();
  made.store(pack);
  made.index([pack], more);
  expect((await made.take()).counts).toMatchObject({ ...FINE, indexFiles: 3, dataBlobs: 8 });
});

test("an index file whose packs are null, as Go writes an empty list, has none", async () => {
  const made = sceneOfTwo();
  made.indexOf({ packs: null });
  expect((await made.take()).counts).toMatchObject({ ...FINE, indexFiles: 3, dataBlobs: 6 });
});

test("a pack that is in packs and in packs_to_delete counts as indexed", async () => {
  const made = sceneOfTwo();
  const pack = made.pack();
  made.index([pack], { packs_to_delete: [pack] });
  expect((await made.take()).counts).toMatchObject({
    ...FINE,
    missingPacks: 1,
    missingBytes: InventoryScene.sizeOf(pack),
  });
});

import { zstdCompressSync } from "node:zlib";

import { expect, test } from "vitest";

import { Census, PackListing } from "../../../instrumentation/restic/inventory/census.ts";
import {
  decodeRecord,
  encodeRecord,
  headOf,
} from "../../../instrumentation/restic/inventory/index-record.ts";
import type { IndexRecord } from "../../../instrumentation/restic/inventory/index-record.ts";
import { readIndex } from "../../../instrumentation/restic/inventory/read-index.ts";
import { mutated } from "../../fuzz/mutate.ts";
import { Dice } from "../../support/core/dice.ts";
import { usedBytes } from "../../support/core/used-bytes.ts";
import { InventoryScene } from "../../support/inventory/inventory-scene.ts";

/** 100,000 take a minute. */
const FILES = Number(process.env["RESTIC_OTEL_MUTATED_INDEX_FILES"] ?? 20_000);
const AT_ONCE = 500;
const MAX_GROWTH_BYTES = 32 * 2 ** 20;

/** The contents of index files, as several versions write them. */
function seedsOf(scene: InventoryScene): readonly Buffer[] {
  const packs = [scene.pack(1), scene.pack(3, "tree"), scene.pack(40), scene.pack(0)];
  const [first] = packs;
  const contents = [
    { packs },
    { supersedes: [first?.id], packs, packs_to_delete: [first] },
    packs,
    { packs: [] },
  ];
  const json = contents.map((content) => Buffer.from(JSON.stringify(content)));
  return [...json, ...json.map((one) => Buffer.concat([Buffer.of(2), zstdCompressSync(one)]))];
}

/** Reads index files, and compares those that can be read with an empty listing of packs. @returns what became of them */
async function read(scene: InventoryScene, ids: readonly string[]): Promise<readonly string[]> {
  const records: IndexRecord[] = [];
  const { gone, unreadable } = await readIndex(
    scene.backend(),
    scene.sealed.masterKey(),
    {
      ids,
      sizeOf: () => undefined,
      budget: { left: Infinity },
      withData: () => true,
      found: async (record) => void records.push(decodeRecord(Buffer.concat(encodeRecord(record)))),
    },
    0,
    new AbortController().signal,
  );
  expect(gone.size).toBe(0);
  const heads = records.map((record) => headOf(record));
  const census = new Census({
    listing: new PackListing(0),
    isListed: () => true,
    heads,
    roots: [],
    exactBlobs: 1_000_000,
  });
  for (const record of records) for (const _ of census.take(record, true));
  const { indexedBytes, duplicateBytes, uncompressedBytes, treeBlobs, dataBlobs } = census.sums;
  const sums = [indexedBytes, duplicateBytes, uncompressedBytes, treeBlobs, dataBlobs];
  expect(sums.every((sum) => Number.isSafeInteger(sum) && sum >= 0)).toBe(true);
  expect(census.missing.count).toBeLessThanOrEqual(
    heads.reduce((sum, { packs }) => sum + packs, 0),
  );
  return ids.map(
    (id) => unreadable.get(id) ?? (records.some((one) => one.id === id) ? "is read" : ""),
  );
}

test(
  `of ${FILES} mutated index files each is read or named with a reason, and memory does not grow`,
  { timeout: 600_000 },
  async () => {
    const dice = new Dice(1);
    const scene = new InventoryScene();
    const seeds = seedsOf(scene);
    const files = new Map(scene.sealed.files);
    const reasons = new Map<string, number>();
    let before = Infinity;
    for (let count = 0; count < FILES; count += AT_ONCE) {
      const ids = Array.from({ length: AT_ONCE }, () => {
        const id = scene.sealed.addSealed("index", mutated(seeds, dice));
        // Some differ after they were sealed: under a new name, or under their own.
        const kind = dice.roll(10);
        if (kind > 1) return id;
        const other = mutated([Buffer.from(scene.sealed.files.get(`index/${id}`) ?? [])], dice);
        if (kind === 1) return scene.sealed.addFile("index", other);
        scene.sealed.files.set(`index/${id}`, other);
        return id;
      });
      for (const reason of await read(scene, ids)) {
        expect(reason).toMatch(/^(?:is|has|does|expands) [^\n\0]{1,150}$/);
        const text = reason.replace(/ [0-9a-f]{64}/, "");
        reasons.set(text, (reasons.get(text) ?? 0) + 1);
      }
      scene.sealed.files.clear();
      for (const [path, bytes] of files) scene.sealed.files.set(path, bytes);
      scene.calls = [];
      // The first ones load and compile.
      if (count === 0) before = await usedBytes();
    }
    expect((await usedBytes()) - before).toBeLessThan(MAX_GROWTH_BYTES);
    for (const usual of ["is read", "is not a valid index", "has an invalid blob in the pack"])
      expect(reasons.get(usual)).toBeGreaterThan(FILES / 100);
  },
);

import { hash } from "node:crypto";

import { expect, test } from "vitest";

import { Key } from "../../../instrumentation/restic/crypto/key.ts";
import {
  groupsInSteps,
  groupsOf,
  listText,
} from "../../../instrumentation/restic/repository/groups.ts";
import { decodeSnapshot } from "../../../instrumentation/restic/repository/snapshot.ts";
import { decodeFile } from "../../../instrumentation/restic/repository/snapshots/decode-file.ts";
import type { DecodedFile } from "../../../instrumentation/restic/repository/snapshots/decode-file.ts";
import { newMaterial, seal } from "../../support/repository/sealed-repository.ts";

const MIB = 2 ** 20;
const material = newMaterial();
const key = new Key(material);
const { signal } = new AbortController();

function fileOf(paths: readonly string[]): Buffer {
  return Buffer.from(JSON.stringify({ time: "2024-05-01T12:00:00Z", hostname: "h", paths }));
}

/** Strings in no order, some of them twice. */
function strings(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => hash("sha256", `${index % 40_000}`));
}

/** Decodes a file while something else counts the turns of the event loop that it gets. */
async function turnsFor(decode: () => Promise<DecodedFile>): Promise<number> {
  let [turns, isDecoding] = [0, true];
  const turn = (): void => {
    turns += 1;
    if (isDecoding) setImmediate(turn);
  };
  setImmediate(turn);
  await decode();
  isDecoding = false;
  return turns;
}

const decode = (sealed: Uint8Array, maxBytes = 8 * MIB): Promise<DecodedFile> =>
  decodeFile("id", sealed, key, maxBytes, signal);

test("a large file is decoded as a small one is", async () => {
  const json = fileOf(strings(10_000));
  const { snapshot, compressed } = await decode(seal(json, material));
  const { details, ...others } = decodeSnapshot("id", json);
  expect(snapshot).toMatchObject({ ...others, details: { paths: details?.paths } });
  expect(snapshot.details?.groups).toEqual(groupsOf(details?.paths ?? [], []));
  expect(compressed).toBe(false);
});

test("other work has its turn between the stages of a large file", async () => {
  const small = seal(fileOf(strings(10)), material);
  expect(await turnsFor(() => decode(small))).toBe(0);
  const large = seal(fileOf(strings(10_000)), material);
  const turns = await turnsFor(() => decode(large));
  expect(turns).toBeGreaterThan(5);
  // The stages of several files are not in the same turns.
  const three = await turnsFor(async () => {
    await Promise.all([decode(large), decode(large)]);
    return decode(large);
  });
  expect(three).toBeGreaterThan(2.5 * turns);
});

test("a bound below the size of large files holds", async () => {
  const sealed = seal(fileOf(strings(10)), material);
  await expect(decode(sealed, 100)).rejects.toThrow("has more than 0 MiB of JSON");
});

test.for([0, 1, 19_999, 20_000, 20_001, 45_000])(
  "the groups of %i paths are the same in steps",
  async (count) => {
    const [paths, tags] = [strings(count), strings(3)];
    expect(await groupsInSteps(paths, tags)).toEqual(groupsOf(paths, tags));
    expect(await groupsInSteps(tags, paths)).toEqual(groupsOf(tags, paths));
  },
);

test("the text of a long list begins as that of the sorted list", () => {
  const begin = (list: readonly string[]): string => list.toSorted().join().slice(0, 256);
  for (const list of [strings(30_000), strings(1001).toSorted().toReversed()])
    expect(listText(list)).toBe(begin(list));
  expect(listText(Array(5000).fill(""))).toBe(",".repeat(256));
});

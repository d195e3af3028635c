import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { createZstdCompress } from "node:zlib";

import { expect, test } from "vitest";

import { refusalOf } from "../../support/inventory/bad-index.ts";

const ID = "0123456789abcdef".repeat(4);
const MIB = 2 ** 20;
const BLOB = `{"id":"${ID}","type":"data","offset":0,"length":100}`;

async function compressed(parts: Iterable<Buffer>): Promise<Buffer> {
  return buffer(Readable.from(parts).pipe(createZstdCompress()));
}

/** One part many times between two others. */
function* repeated(head: string, part: string, count: number, tail: string): Generator<Buffer> {
  yield Buffer.from(head);
  const atOnce = Math.ceil(MIB / part.length);
  const some = Buffer.from(part.repeat(atOnce));
  for (let left = count; left > 0; left -= atOnce)
    yield some.subarray(0, Math.min(left, atOnce) * part.length);
  yield Buffer.from(tail);
}

const blobs = (count: number): Iterable<Buffer> =>
  repeated(`{"packs":[{"id":"${ID}","blobs":[`, `${BLOB},`, count - 1, `${BLOB}]}]}`);

test.for<readonly [string, Iterable<Buffer>, string]>([
  ["expands to 1 GiB", repeated('{"packs":[', " ", 2 ** 30, "]}"), "expands to more than 128 MiB"],
  ["has 10,000,000 blobs in one pack", blobs(10_000_000), "expands to more than 128 MiB"],
  ["has 500,001 blobs in one pack", blobs(500_001), `has a pack ${ID} of more than 500000 blobs`],
  [
    "has 1,000,001 packs",
    repeated('{"packs":[', `{"id":"${ID}"},`, 1_000_000, `{"id":"${ID}"}]}`),
    "has more than 1000000 packs",
  ],
  ["has 10,000,000 members", repeated("{", '"a":0,', 10_000_000, '"a":0}'), "is not a valid index"],
  [
    "has a pack of 10,000,000 members",
    repeated(`{"packs":[{"id":"${ID}",`, '"a":0,', 10_000_000, '"a":0}]}'),
    "is not a valid index",
  ],
  [
    "has a blob of 100 MiB",
    repeated(`{"packs":[{"id":"${ID}","blobs":[{"id":"`, "a", 100 * MIB, '"}]}]}'),
    "is not a valid index",
  ],
  ["has a key of 100 MiB", repeated('{"', "a", 100 * MIB, '":0}'), "is not a valid index"],
  ["has 100,000,000 levels", repeated('{"packs":', "[", 100_000_000, ""), "is not a valid index"],
])("an index file that %s is refused, counted and named", async ([, parts, reason]) => {
  expect(await refusalOf(Buffer.concat([Buffer.of(2), await compressed(parts)]))).toBe(reason);
});

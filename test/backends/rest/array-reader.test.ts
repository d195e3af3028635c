import { expect, test } from "vitest";

import { ArrayReader } from "../../../instrumentation/backends/rest/array-reader.ts";
import { Dice } from "../../support/core/dice.ts";

/** The elements, or undefined for what is no JSON array. */
function elementsOf(bytes: Buffer, pieceBytes: () => number): readonly unknown[] | undefined {
  const elements: unknown[] = [];
  const reader = new ArrayReader((element) => elements.push(element));
  try {
    for (let at = 0, size = 0; at < bytes.length; at += size) {
      size = pieceBytes();
      // A network buffer is used again after the call.
      const piece = Buffer.from(bytes.subarray(at, at + size));
      reader.push(piece);
      piece.fill(0);
    }
    reader.end();
    return elements;
  } catch {
    return undefined;
  }
}

function byJson(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const TEXT = JSON.stringify([
  { name: "a".repeat(64), size: 10 },
  'quote " backslash \\ brackets ]}[{ comma , é\u{1f600}',
  [[], [{}], [1, "]"]],
  -1.5e3,
  null,
  true,
]);

test.for([1, 2, 3, 7, 64, 1000])("elements are the same in pieces of %i bytes", (size) => {
  expect(elementsOf(Buffer.from(TEXT), () => size)).toEqual(JSON.parse(TEXT));
});

test("a changed text gives what JSON.parse gives, in pieces of any size", () => {
  const dice = new Dice(8);
  let accepted = 0;
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.from(TEXT);
    for (let count = dice.low(3); count >= 0; count--)
      bytes[dice.roll(bytes.length)] = dice.pick([...Buffer.from('[]{}":,019a- \n\f\\')]);
    const changed = bytes.subarray(0, bytes.length - dice.low(4));
    const expected = byJson(changed.toString());
    if (expected) accepted += 1;
    expect(elementsOf(changed, () => 1 + dice.low(100))).toEqual(expected);
  }
  expect(accepted).toBeGreaterThan(1000);
});

test.for([
  ["[]", []],
  [" [\n] ", []],
  ["[1]", [1]],
  ["[,1]", undefined],
  ["[1,]", undefined],
  ["[1}", undefined],
  ["[1 2]", undefined],
  ["[\u00a0]", undefined],
  ["\ufeff[]", undefined],
  ["null", undefined],
  ["", undefined],
] as const)("%j gives %j", ([text, elements]) => {
  expect(elementsOf(Buffer.from(text), () => 2)).toEqual(elements);
});

test.for([1, 1000, 10_000])("elements of more than 1 KiB are not read, in pieces of %i", (size) => {
  const long = (length: number): string => "x".repeat(length - 2);
  const text = JSON.stringify([long(1025), 1, long(1024), 2, long(5000)]);
  expect(elementsOf(Buffer.from(text), () => size)).toEqual([
    undefined,
    1,
    long(1024),
    2,
    undefined,
  ]);
  expect(elementsOf(Buffer.from(JSON.stringify([long(1025)])), () => size)).toEqual([undefined]);
});

test("an element of more than 16 levels is no entry", () => {
  const nested = (levels: number): Buffer =>
    Buffer.from("[".repeat(levels + 1) + "]".repeat(levels + 1));
  expect(elementsOf(nested(15), () => 7)).toHaveLength(1);
  expect(elementsOf(nested(16), () => 7)).toBeUndefined();
});

test("an array that never ends takes no memory", () => {
  const reader = new ArrayReader(() => {});
  const piece = Buffer.alloc(2 ** 20, "1");
  reader.push(Buffer.from("["));
  const before = process.memoryUsage().heapUsed;
  for (let count = 0; count < 64; count++) reader.push(piece);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(2 ** 23);
  expect(() => reader.end()).toThrow("the array does not end");
});

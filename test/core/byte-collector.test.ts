import { expect, test } from "vitest";

import { ByteCollector } from "../../instrumentation/core/byte-collector.ts";

test("the bytes are those of all chunks, and no chunk changes", () => {
  const chunks = [0, 1, 3, 1, 0, 100, 1, 50, 7].map((length, index) => Buffer.alloc(length, index));
  const before = Buffer.concat(chunks);
  const collector = new ByteCollector();
  for (const chunk of chunks) {
    collector.add(chunk);
    collector.bytes();
  }
  expect(collector.bytes()).toEqual(before);
  expect(collector.length).toBe(before.length);
  expect(Buffer.concat(chunks)).toEqual(before);
});

test("nothing has no bytes", () => {
  expect(new ByteCollector().bytes()).toHaveLength(0);
});

test("a body with more or fewer bytes than announced is complete", () => {
  for (const expected of [0, 1, 9, 10, 11, 1000]) {
    const collector = new ByteCollector();
    collector.expected = expected;
    for (const text of ["abc", "", "defgh", "ij"]) collector.add(Buffer.from(text));
    expect(collector.bytes().toString()).toBe("abcdefghij");
  }
});

test("an announced body takes one buffer of its size", () => {
  const collector = new ByteCollector();
  collector.expected = 1_000_000;
  for (const length of [400_000, 500_000, 100_000]) collector.add(Buffer.alloc(length));
  expect(collector.bytes()).toHaveLength(1_000_000);
  expect(collector.bytes().buffer.byteLength).toBe(1_000_000);
});

import { zstdCompressSync } from "node:zlib";

import { beforeEach, describe, expect, test } from "vitest";

import { Secret } from "../../../instrumentation/core/secret.ts";
import { Repository } from "../../../instrumentation/restic/repository/repository.ts";
import type { Catalogue } from "../../../instrumentation/restic/repository/repository.ts";
import { recordedBackend } from "../../support/backends/recorded-backend.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { SealedRepository } from "../../support/repository/sealed-repository.ts";

const MIB = 2 ** 20;
const GOOD = { time: "2024-05-01T12:00:00Z", hostname: "good" };

let sealed: SealedRepository;
let calls: string[];

beforeEach(() => {
  sealed = new SealedRepository("right");
  sealed.addSnapshot(GOOD);
  calls = [];
});

function open(maxSnapshotBytes?: number): () => Promise<Catalogue> {
  const repository = new Repository({
    clock: new FakeClock(),
    reverifyMs: 1e9,
    onDerivation: () => {},
    maxSnapshotBytes,
  });
  const access = {
    backend: recordedBackend(sealed.files, (call) => calls.push(call)),
    password: new Secret("right"),
    keyHint: undefined,
    publishedId: undefined,
  };
  const { signal } = new AbortController();
  return () => repository.read(access, signal);
}

/** The reasons of the unreadable files by their names. */
function reasonsOf({ unreadable }: Catalogue): readonly (readonly [string, string])[] {
  return [...unreadable].map(([id, { reason }]) => [id, reason] as const);
}

const withField = (value: string): string => `{"time":"2024-05-01T12:00:00Z","x":${value}}`;
const ofSize = (bytes: number): string =>
  withField(`"${"x".repeat(bytes - withField('""').length)}"`);
const listOf = (count: number, item: string): string =>
  withField(`[${Array(count).fill(item).join()}]`);
const objectOf = (members: number): string =>
  JSON.stringify(Object.fromEntries(Array.from({ length: members }, (_, index) => [index, 0])));

describe("a snapshot file that exceeds a bound is unreadable and is not read again:", () => {
  test.for([
    ["31 MiB of empty arrays", listOf(11 * MIB, "[]"), "expands to more than 8 MiB"],
    ["8 MiB and a byte", ofSize(8 * MIB + 1), "expands to more than 8 MiB"],
    [
      "16 levels of arrays",
      withField("[".repeat(16) + "]".repeat(16)),
      "has JSON with a depth of more than 16",
    ],
    ["10,000 arrays", listOf(9999, "[]"), "has JSON with more than 10000 arrays and objects"],
    ["10,000 objects", listOf(9999, "{}"), "has JSON with more than 10000 arrays and objects"],
    ["20,000 members", withField(objectOf(19_999)), "has JSON with more than 20000 members"],
    ["250,001 commas", listOf(250_001, "0"), "has JSON with more than 250000 commas"],
    ["8 MiB of brackets", "[".repeat(8 * MIB), "has JSON with a depth of more than 16"],
  ] as const)("%s", async ([, json, reason]) => {
    const id = sealed.addSnapshotText(json);
    const read = open();
    const first = await read();
    expect(reasonsOf(first)).toEqual([[id, reason]]);
    expect(first.snapshots.size).toBe(1);
    calls.length = 0;
    expect(reasonsOf(await read())).toEqual([[id, reason]]);
    expect(calls).toEqual(["LIST snapshots"]);
    // After a restart.
    calls.length = 0;
    expect(reasonsOf(await open()())).toEqual([[id, reason]]);
    expect(calls).toContain("GET snapshots");
  });

  test("a stored file of more than 8 MiB", async () => {
    const id = sealed.addFile("snapshots", Buffer.alloc(8 * MIB + 1));
    const read = open();
    const first = reasonsOf(await read());
    expect(first).toEqual([[id, `is not read: snapshots ${id} is too long`]]);
    calls.length = 0;
    expect(reasonsOf(await read())).toEqual(first);
    expect(calls).toEqual(["LIST snapshots"]);
  });
});

test.for([
  ["100,000 paths of 40 bytes", listOf(100_000, JSON.stringify(`/${"p".repeat(39)}`))],
  ["100,000 paths of brackets and commas", listOf(100_000, JSON.stringify('[{,\\"'.repeat(6)))],
  ["8 MiB", ofSize(8 * MIB)],
  ["15 levels of arrays", withField("[".repeat(15) + "]".repeat(15))],
  ["9,999 arrays and objects", listOf(9998, "[]")],
  ["19,998 members", withField(objectOf(19_998))],
  ["249,999 commas in a list", listOf(250_000, "0")],
] as const)("a snapshot with %s is read", async ([, json]) => {
  sealed.addSnapshotText(json);
  const catalogue = await open()();
  expect(reasonsOf(catalogue)).toEqual([]);
  expect(catalogue.snapshots.size).toBe(2);
});

test("maxSnapshotBytes is the bound of the JSON, compressed or not", async () => {
  const json = withField(`"${"x".repeat(100_000)}"`);
  const compressed = Buffer.concat([Buffer.of(2), zstdCompressSync(json)]);
  const plain = sealed.addSealed("snapshots", Buffer.from(json));
  const other = sealed.addSealed("snapshots", compressed);
  expect(new Map(reasonsOf(await open(json.length - 1)()))).toEqual(
    new Map([
      [plain, "has more than 0.095 MiB of JSON"],
      [other, "expands to more than 0.095 MiB"],
    ]),
  );
  expect(reasonsOf(await open(json.length)())).toEqual([]);
});

import { setImmediate as nextTurn } from "node:timers/promises";
import { zstdCompressSync } from "node:zlib";

import { expect, test } from "vitest";

import { Secret } from "../../../instrumentation/core/secret.ts";
import { Repository } from "../../../instrumentation/restic/repository/repository.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { recordedBackend } from "../../support/backends/recorded-backend.ts";
import { SealedRepository } from "../../support/repository/sealed-repository.ts";

const GOOD = { time: "2024-05-01T12:00:00Z", hostname: "good" };

/** Puts one bad file into a repository and returns its name. */
type Damage = (sealed: SealedRepository) => string;

function altered(change: (stored: Buffer) => Uint8Array): Damage {
  return (sealed) => {
    const id = sealed.addSnapshot({ time: "2024-05-02T12:00:00Z" });
    sealed.files.set(
      `snapshots/${id}`,
      change(Buffer.from(sealed.files.get(`snapshots/${id}`) ?? [])),
    );
    return id;
  };
}

function flip(stored: Buffer): Buffer {
  stored[40] = (stored[40] ?? 0) ^ 1;
  return stored;
}

const NOT_ITS_NAME = "does not match its name: truncated or changed";

const cases: readonly (readonly [string, Damage, string])[] = [
  ["cut off", altered((stored) => stored.subarray(0, 100)), NOT_ITS_NAME],
  ["one bit flipped", altered(flip), NOT_ITS_NAME],
  ["empty", altered(() => Buffer.alloc(0)), NOT_ITS_NAME],
  ["another file's content", (sealed) => renamed(sealed), NOT_ITS_NAME],
  [
    "one bit flipped, with the matching name",
    (sealed) =>
      sealed.addFile(
        "snapshots",
        flip(Buffer.from(sealed.files.get(`snapshots/${sealed.addSnapshot(GOOD)}`) ?? [])),
      ),
    "is sealed with another key",
  ],
  [
    "of another repository",
    (sealed) =>
      sealed.addFile(
        "snapshots",
        [...foreign().files].find(([path]) => path.startsWith("snapshots/"))?.[1] ?? Buffer.of(),
      ),
    "is sealed with another key",
  ],
  [
    "31 bytes",
    (sealed) => sealed.addFile("snapshots", Buffer.alloc(31, 1)),
    "is shorter than nonce and MAC",
  ],
  [
    "an unknown encoding",
    (sealed) => sealed.addSealed("snapshots", Buffer.of(3, 1, 2)),
    "has an unsupported encoding: a newer restic may have written it",
  ],
  [
    "no content",
    (sealed) => sealed.addSealed("snapshots", Buffer.of()),
    "has an unsupported encoding: a newer restic may have written it",
  ],
  [
    "no zstd frame after its marker",
    (sealed) => sealed.addSealed("snapshots", Buffer.of(2, 1, 2, 3)),
    "has damaged zstd data",
  ],
  [
    "a cut zstd frame",
    (sealed) =>
      sealed.addSealed(
        "snapshots",
        Buffer.concat([
          Buffer.of(2),
          zstdCompressSync(Buffer.from(JSON.stringify(GOOD))).subarray(0, 40),
        ]),
      ),
    expect.stringMatching(/^has damaged zstd data$|^is not valid JSON$/),
  ],
  [
    "24:00",
    (sealed) => sealed.addSnapshot({ time: "2024-05-02T24:00:00Z" }),
    'has no valid "time"',
  ],
  [
    "a host name of 1 MB",
    (sealed) => sealed.addSnapshot({ ...GOOD, hostname: "h".repeat(1e6) }),
    'has a "hostname" of more than 1024 bytes',
  ],
];

function renamed(sealed: SealedRepository): string {
  const stored =
    sealed.files.get(`snapshots/${sealed.addSnapshot({ ...GOOD, hostname: "copied" })}`) ??
    Buffer.of();
  sealed.files.set(`snapshots/${"ab".repeat(32)}`, stored);
  return "ab".repeat(32);
}

function foreign(): SealedRepository {
  const other = new SealedRepository("other");
  other.addSnapshot(GOOD);
  return other;
}

test.for(cases)(
  "one bad snapshot file (%s) does not affect others, and is tried again",
  async ([, damage, reason]) => {
    const sealed = new SealedRepository("right");
    sealed.addSnapshot(GOOD);
    const id = damage(sealed);
    const calls: string[] = [];
    const backend = recordedBackend(sealed.files, (call) => calls.push(call));
    const repository = new Repository({
      clock: new FakeClock(),
      reverifyMs: 1e9,
      onDerivation: () => {},
    });
    const access = {
      backend,
      password: new Secret("right"),
      keyHint: undefined,
      publishedId: undefined,
    };
    const signal = new AbortController().signal;
    const first = await repository.read(access, signal);
    expect([...first.unreadable]).toEqual([[id, { code: "corrupt", reason }]]);
    expect([...first.snapshots.values()].map(({ hostname }) => hostname)).toContain("good");

    calls.length = 0;
    const second = await repository.read(access, signal);
    expect([...second.unreadable]).toEqual([...first.unreadable]);
    // Only the file is read again: a foreign file is compared with config once, not at each collection.
    expect([...new Set(calls)]).toEqual(["LIST snapshots", "GET snapshots"]);
  },
);

test("files that a proxy mixes up in parallel requests are loaded again, one at a time", async () => {
  const sealed = new SealedRepository("right");
  const ids = Array.from({ length: 6 }, (_, index) =>
    sealed.addSnapshot({ ...GOOD, hostname: `host-${index}` }),
  );
  const backend = recordedBackend(sealed.files, () => {});
  let underWay = 0;
  let mixedUp = 0;
  const proxied = {
    ...backend,
    async load(...[type, name, signal]: Parameters<typeof backend.load>) {
      underWay += 1;
      await nextTurn();
      const isMixedUp = type === "snapshots" && underWay > 1;
      if (isMixedUp) mixedUp += 1;
      const stored = await backend.load(type, isMixedUp ? (ids[0] ?? "") : name, signal);
      underWay -= 1;
      return stored;
    },
  };
  const repository = new Repository({
    clock: new FakeClock(),
    reverifyMs: 3_600_000,
    onDerivation: () => {},
  });
  const access = { keyHint: undefined, publishedId: undefined, password: new Secret("right") };
  const catalogue = await repository.read(
    { backend: proxied, ...access },
    new AbortController().signal,
  );
  expect(mixedUp).toBeGreaterThan(1);
  expect(catalogue.unreadable.size).toBe(0);
  expect(catalogue.snapshots.size).toBe(6);
});

import { beforeEach, expect, test } from "vitest";

import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { AgentError } from "../../../instrumentation/core/error.ts";
import { Secret } from "../../../instrumentation/core/secret.ts";
import { ReadAhead } from "../../../instrumentation/restic/repository/read-ahead.ts";
import { Key } from "../../../instrumentation/restic/crypto/key.ts";
import { KnownSnapshots } from "../../../instrumentation/restic/repository/snapshots/known-snapshots.ts";
import { Repository } from "../../../instrumentation/restic/repository/repository.ts";
import { FakeClock, settle } from "../../support/core/clock.ts";
import { recordedBackend } from "../../support/backends/recorded-backend.ts";
import { SealedRepository } from "../../support/repository/sealed-repository.ts";

const IDS = ["a", "b", "c", "d"].map((digit) => digit.repeat(64));
const { signal } = new AbortController();

let calls: string[];
let fail: ((call: string) => boolean) | undefined;
let ahead: ReadAhead;

beforeEach(() => {
  calls = [];
  fail = undefined;
  const files = new Map(IDS.map((id) => [`snapshots/${id}`, Buffer.from(id)]));
  const backend = recordedBackend(files, (call) => {
    calls.push(call);
    if (fail?.(call)) throw new AgentError("unreachable", "connection lost");
  });
  ahead = new ReadAhead(backend, (id) => id === IDS[3], signal);
});

test("before it begins it only passes calls on", async () => {
  await ahead.list("snapshots", undefined, signal);
  await ahead.load("snapshots", IDS[0] ?? "", signal);
  await settle();
  expect(calls).toEqual(["LIST snapshots", "GET snapshots"]);
});

test("then it lists, loads unknown files, and loads nothing twice", async () => {
  ahead.begin();
  ahead.begin();
  await settle();
  expect(calls).toEqual(["LIST snapshots", ...Array.from({ length: 3 }, () => "GET snapshots")]);
  expect((await ahead.list("snapshots", undefined, signal)).names).toHaveLength(4);
  for (const id of IDS.slice(0, 3))
    expect(Buffer.from(await ahead.load("snapshots", id, signal)).toString()).toBe(id);
  expect(calls).toHaveLength(4);
  await ahead.list("snapshots", undefined, signal);
  expect(calls).toHaveLength(5);
});

test("a failure reaches only the caller", async () => {
  fail = (call) => call === "LIST snapshots";
  ahead.begin();
  await settle();
  await expect(ahead.list("snapshots", undefined, signal)).rejects.toThrow("connection lost");
  fail = undefined;
  expect((await ahead.list("snapshots", undefined, signal)).names).toHaveLength(4);
});

test("a file whose early load failed fails once, and is loaded by the next call", async () => {
  fail = (call) => call === "GET snapshots";
  ahead.begin();
  await settle();
  fail = undefined;
  await expect(ahead.load("snapshots", IDS[0] ?? "", signal)).rejects.toThrow("connection lost");
  expect(Buffer.from(await ahead.load("snapshots", IDS[0] ?? "", signal)).toString()).toBe(IDS[0]);
});

test("it stops loading ahead when the caller loads files", async () => {
  ahead.begin();
  await ahead.load("snapshots", IDS[2] ?? "", signal);
  await settle();
  expect(calls.filter((call) => call === "GET snapshots")).toHaveLength(1);
});

test("no snapshot is loaded ahead while those from before a restart are read", async () => {
  const sealed = new SealedRepository("right");
  const names = { hostname: "h", username: "u" };
  const id = sealed.addSnapshot({ time: "1970-01-01T00:00:00Z", ...names });
  const snapshot = { id, time: { seconds: 0, nanoseconds: 0 }, ...names, summary: undefined };
  const isLoading = Promise.withResolvers<void>();
  const repository = new Repository({
    clock: new FakeClock(),
    reverifyMs: 0,
    onDerivation: () => {},
    cache: {
      async load() {
        isLoading.resolve();
        await settle();
        return { snapshots: new Map([[id, snapshot]]), listed: undefined };
      },
      append: async () => {},
      settle: async () => {},
    },
  });
  const memory = recordedBackend(sealed.files, (call) => calls.push(call));
  const backend: Backend = {
    ...memory,
    async list(type, ...rest) {
      if (type === "snapshots") await isLoading.promise;
      return memory.list(type, ...rest);
    },
  };
  const access = { password: new Secret("right"), keyHint: undefined, publishedId: undefined };
  const { snapshots } = await repository.read({ ...access, backend }, signal);
  expect([...snapshots.values()]).toEqual([snapshot]);
  expect(calls).not.toContain("GET snapshots");
});

test("all snapshots may be known until those from before a restart are read, again after they were cleared", async () => {
  const known = new KnownSnapshots(
    {
      load: async () => ({ snapshots: new Map(), listed: undefined }),
      append: async () => {},
      settle: async () => {},
    },
    1000,
  );
  const part = Buffer.alloc(32, 1);
  const master = new Key({ encrypt: part, macK: part.subarray(16), macR: part.subarray(16) });
  expect(known.mayHave("a")).toBe(true);
  await known.restore("id", master);
  expect(known.mayHave("a")).toBe(false);
  known.clear();
  expect(known.mayHave("a")).toBe(true);
  expect(new KnownSnapshots(undefined, 1000).mayHave("a")).toBe(false);
});

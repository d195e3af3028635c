import { beforeEach, expect, test } from "vitest";

import { AgentError } from "../../../instrumentation/core/error.ts";
import type { Backend, Page } from "../../../instrumentation/backends/backend.ts";
import { counted } from "../../../instrumentation/backends/decorators/counted.ts";
import { retrying } from "../../../instrumentation/backends/decorators/retrying.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { failureOf } from "../../support/core/failure.ts";

const { signal } = new AbortController();
const broken = new AgentError("unreachable", "broken off", { transient: true });
const gone = new AgentError("not_found", "gone");

let clock: FakeClock;
let cost: Parameters<typeof counted>[1];
/** Failures of the next calls. */
let errors: Error[];
let calls: string[];

/** Lists in two pages of 100 bytes each, loads 10 bytes. */
const paged: Backend = {
  location: "paged",
  connections: 3,
  async list(type, from): Promise<Page> {
    call(`list ${type} ${from ?? "first"}`);
    const next = from === undefined ? "second" : undefined;
    return { names: [from ?? "first"], next, receivedBytes: 100 };
  },
  async load(type, name) {
    call(`load ${type} ${name}`);
    return new Uint8Array(10);
  },
};

function call(what: string): void {
  calls.push(what);
  const error = errors.shift();
  if (error) throw error;
}

beforeEach(() => {
  clock = new FakeClock();
  cost = { list: { requests: 0, receivedBytes: 0 }, load: { requests: 0, receivedBytes: 0 } };
  errors = [];
  calls = [];
});

test("pages and files are counted separately, with the received bytes", async () => {
  const backend = counted(paged, cost);
  const { next } = await backend.list("keys", undefined, signal);
  await backend.list("keys", next, signal);
  await backend.load("keys", "a", signal);
  expect(cost).toEqual({
    list: { requests: 2, receivedBytes: 200 },
    load: { requests: 1, receivedBytes: 10 },
  });
  expect({ ...backend }).toMatchObject({ location: "paged", connections: 3 });
});

test("the options of a listing and `slices` pass through", async () => {
  const asked: unknown[] = [];
  const options = { prefix: "ab", sizes: true, onPart: () => {} };
  const slicing: Backend = {
    ...paged,
    slices: true,
    async list(_type, _from, _signal, given) {
      asked.push(given);
      return { names: [], sizes: [], next: undefined, receivedBytes: 0 };
    },
  };
  for (const backend of [counted(slicing, cost), retrying(slicing, clock)]) {
    expect(backend.slices).toBe(true);
    expect((await backend.list("data", undefined, signal, options)).sizes).toEqual([]);
  }
  expect(asked).toEqual([options, options]);
});

test("a failed call counts as a request and rejects unchanged", async () => {
  errors = [gone, gone];
  const backend = counted(paged, cost);
  await expect(backend.load("keys", "a", signal)).rejects.toBe(gone);
  await expect(backend.list("keys", undefined, signal)).rejects.toBe(gone);
  expect(cost).toEqual({
    list: { requests: 1, receivedBytes: 0 },
    load: { requests: 1, receivedBytes: 0 },
  });
});

test("a retried listing continues at its page, and each try is counted", async () => {
  const backend = retrying(counted(paged, cost), clock);
  expect({ ...backend }).toMatchObject({ location: "paged", connections: 3 });
  const { next } = await backend.list("keys", undefined, signal);
  errors = [broken, broken];
  const second = backend.list("keys", next, signal);
  await clock.advance(15_000);
  expect((await second).names).toEqual(["second"]);
  expect(calls).toEqual(["list keys first", ...Array(3).fill("list keys second")]);
  expect(cost.list).toEqual({ requests: 4, receivedBytes: 200 });
  errors = [broken];
  const loaded = backend.load("config", "", signal);
  await clock.advance(15_000);
  expect(await loaded).toHaveLength(10);
  expect(cost.load).toEqual({ requests: 2, receivedBytes: 10 });
});

test("a permanent failure is not retried", async () => {
  errors = [gone];
  const backend = retrying(paged, clock);
  expect(await failureOf(backend.load("config", "", signal))).toBe("not_found: gone");
  expect(calls).toHaveLength(1);
});

test("each call has its own retries", async () => {
  const backend = retrying(paged, clock);
  for (const name of ["a", "b"]) {
    errors = [broken, broken, broken];
    const loaded = backend.load("keys", name, signal);
    await clock.advance(15_000);
    expect(await loaded).toHaveLength(10);
  }
  expect(calls).toHaveLength(8);
});

test("close passes through both decorators, and is absent if the backend has none", async () => {
  const closeable: Backend = {
    ...paged,
    async close() {
      call(`close ${this.location}`);
    },
  };
  await retrying(counted(closeable, cost), clock).close?.();
  expect(calls).toEqual(["close paged"]);
  expect(retrying(counted(paged, cost), clock)).not.toHaveProperty("close");
});

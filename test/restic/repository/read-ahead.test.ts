import { beforeEach, expect, test } from "vitest";

import { AgentError } from "../../../instrumentation/core/error.ts";
import { ReadAhead } from "../../../instrumentation/restic/repository/read-ahead.ts";
import { settle } from "../../support/core/clock.ts";
import { recordedBackend } from "../../support/backends/recorded-backend.ts";

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

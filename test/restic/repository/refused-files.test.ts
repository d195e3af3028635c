import { beforeEach, expect, test } from "vitest";

import { AgentError } from "../../../instrumentation/core/error.ts";
import type { ErrorCode } from "../../../instrumentation/core/error.ts";
import { RepositoryReader } from "../../support/repository/repository-reader.ts";

const TIME = "2024-05-01T12:00:00Z";

let reader: RepositoryReader;

beforeEach(() => {
  reader = new RepositoryReader(3_600_000);
});

function add(count: number, hostname = "good"): readonly string[] {
  return Array.from({ length: count }, () => reader.sealed.addSnapshot({ time: TIME, hostname }));
}

function refuse(ids: readonly string[], code: ErrorCode, message = `it is ${code}`): void {
  for (const id of ids) reader.refused.set(id, new AgentError(code, message));
}

async function hostsRead(): Promise<readonly string[]> {
  const { snapshots } = await reader.read();
  return [...new Set([...snapshots.values()].map(({ hostname }) => hostname))].toSorted();
}

test.for([
  ["denied", "/srv/r/snapshots/ID: permission denied"],
  ["other", "s3:…/ID: the object is archived, restore it first (403 InvalidObjectState)"],
  ["other", "https://h/snapshots/ID: the server answers 410"],
  ["unreachable", "https://h/snapshots/ID: the server answers 500"],
  ["timeout", "https://h/snapshots/ID: sent nothing for 10 s"],
] as const)(
  "one file that the storage refuses concerns only itself: %s %s",
  async ([code, message]) => {
    const [refused = ""] = add(1, "archived");
    add(1, "fresh");
    refuse([refused], code, message);
    const first = await reader.read();
    expect([...first.unreadable]).toEqual([
      [refused, { code, reason: `is not read (${code}): ${message}` }],
    ]);
    expect([...first.snapshots.values()].map(({ hostname }) => hostname)).toEqual(["fresh"]);
    // It is tried again, and what is new is read.
    add(1, "new");
    expect(await hostsRead()).toEqual(["fresh", "new"]);
    expect(reader.calls).toEqual(["LIST snapshots", "GET snapshots", "GET snapshots"]);
    reader.refused.clear();
    expect(await hostsRead()).toEqual(["archived", "fresh", "new"]);
  },
);

test("a repository of which every file is refused fails", async () => {
  refuse(add(3), "denied", "permission denied");
  expect(await reader.failure(reader.read())).toMatch(
    /^denied: none of the 3 snapshot files can be read: [0-9a-f]{8} is not read \(denied\): permission denied$/,
  );
});

test("20 files that fail with the same class before one is read are a failure of the repository", async () => {
  add(3, "known");
  await reader.read();
  refuse(add(100, "new"), "denied");
  expect(await reader.failure(reader.read())).toMatch(
    /^denied: 20 snapshot files in a row cannot be read: [0-9a-f]{8} is not read \(denied\): it is denied$/,
  );
  // Two requests run in parallel.
  expect(reader.calls.filter((call) => call === "GET snapshots").length).toBeLessThanOrEqual(22);
  reader.refused.clear();
  expect(await hostsRead()).toEqual(["known", "new"]);
});

test("19 files with one class, or more with several, concern only themselves", async () => {
  add(1, "known");
  await reader.read();
  const some = add(19);
  refuse(some, "denied");
  expect((await reader.read()).unreadable.size).toBe(19);
  const others = add(40).toSorted();
  refuse(others.slice(0, 10), "other");
  refuse(others.slice(10), "denied");
  expect((await reader.read()).unreadable.size).toBe(59);
});

test("many archived files do not hide a fresh one, at whatever place it is", async () => {
  const ids = add(60, "archived");
  add(1, "fresh");
  await reader.read();
  reader = Object.assign(new RepositoryReader(3_600_000), { sealed: reader.sealed });
  refuse(ids.toSorted().slice(1), "other");
  expect(await hostsRead()).toContain("archived");
  for (let day = 0; day < 5; day++) {
    add(1, `day-${day}`);
    expect(await hostsRead()).toContain(`day-${day}`);
  }
});

test("many archived files are no failure of the repository after a restart", async () => {
  const archived = add(60, "archived");
  const listed = {
    at: 1,
    completeAt: 2,
    snapshots: new Map(),
    unreadable: new Map(archived.map((id) => [id, { firstSeen: undefined, isDamaged: false }])),
  };
  const { sealed } = reader;
  reader = new RepositoryReader(3_600_000, {
    load: async () => ({ snapshots: new Map(), listed }),
    append: async () => {},
    settle: async () => {},
  });
  reader.sealed = sealed;
  refuse(archived, "other");
  add(1, "fresh");
  expect(await hostsRead()).toEqual(["fresh"]);
});

test("a server that goes away in between is a failure of the repository", async () => {
  add(200);
  let left = 104;
  reader.before = (call) => {
    if (call === "GET snapshots" && (left -= 1) < 0)
      throw new AgentError("unreachable", "connection refused");
  };
  expect(await reader.failure(reader.read())).toMatch(/^unreachable: 20 snapshot files in a row/);
  expect(reader.calls.filter((call) => call === "GET snapshots").length).toBeLessThan(130);
});

test("a login that expires in between is a failure of the repository", async () => {
  add(10);
  let left = 8;
  reader.before = () => {
    if ((left -= 1) < 0) throw new AgentError("denied", "the session token has expired");
  };
  expect(await reader.failure(reader.read())).toBe("denied: the session token has expired");
});

test("a collection that is aborted blames no file", async () => {
  add(5);
  const abort = new AbortController();
  reader.before = (call) => {
    if (call !== "GET snapshots") return;
    abort.abort(new AgentError("timeout", "no answer within 5m"));
    abort.signal.throwIfAborted();
  };
  expect(await reader.failure(reader.read("right", {}, abort.signal))).toBe(
    "timeout: no answer within 5m",
  );
});

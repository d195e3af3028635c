import { createHash } from "node:crypto";

import { describe, expect, test } from "vitest";

import { MAX_SIZE_BYTES } from "../../../instrumentation/backends/backend.ts";
import type { Backend, FileType } from "../../../instrumentation/backends/backend.ts";
import { failureOf } from "../core/failure.ts";
import { listAll, listingSuite } from "./listing-suite.ts";
import type { RepositoryFiles } from "../repository/sealed-repository.ts";

/** The folders that `restic init` makes. */
export const FOLDERS = ["data", "index", "keys", "locks", "snapshots"] as const;

/** Puts files into a repository with all its folders, and opens it. Called once in each test. */
type OpenWith = (files: RepositoryFiles) => Promise<Backend>;

/** Three pages in most object stores. */
const MANY = 2500;

interface SuiteOptions {
  /** Parts of the backend's logins. */
  readonly credentials?: readonly string[];
  /** A failure that the backend injects; an aborted call may reject with it instead of the reason. */
  readonly fault?: unknown;
  /** Whether listings have sizes. Default: true. */
  readonly hasSizes?: boolean;
}

/** The contract of Backend. Each implementation calls it once for each way to open it. */
export function backendSuite(
  name: string,
  open: OpenWith,
  { credentials = [], fault, hasSizes = true }: SuiteOptions = {},
): void {
  const { signal } = new AbortController();

  /** Opens a backend over these contents; returns their names as well. */
  async function openOver(
    contents: Partial<Record<FileType, readonly Uint8Array[]>>,
  ): Promise<{ backend: Backend; names: (type: FileType) => string[] }> {
    const files: RepositoryFiles = new Map();
    for (const [type, all = []] of Object.entries(contents)) {
      for (const bytes of all)
        files.set(type === "config" ? type : `${type}/${idOf(bytes)}`, bytes);
    }
    const backend = await open(files);
    return { backend, names: (type) => (contents[type] ?? []).map(idOf).toSorted() };
  }

  describe(`the backend of ${name}`, () => {
    test("lists the files of a type", async () => {
      const snapshots = [bytesOf(1), bytesOf(2), bytesOf(300)];
      const { backend, names } = await openOver({ snapshots, keys: [bytesOf(5)] });
      expect(await listAll(backend, "snapshots")).toEqual({ names: names("snapshots") });
      expect(await listAll(backend, "keys")).toEqual({ names: names("keys") });
    });

    test("lists nothing in an empty folder", async () => {
      const { backend } = await openOver({ keys: [bytesOf(5)] });
      expect((await listAll(backend, "snapshots")).names).toEqual([]);
    });

    test("lists each of 2,500 files once", async () => {
      const snapshots = Array.from({ length: MANY }, (_, index) => Buffer.from(`file ${index}`));
      const { backend, names } = await openOver({ snapshots });
      expect(await listAll(backend, "snapshots")).toEqual({ names: names("snapshots") });
    });

    listingSuite(open, hasSizes);

    test("reports the received bytes of a page", async () => {
      const { backend } = await openOver({ snapshots: [bytesOf(1)] });
      const { receivedBytes } = await backend.list("snapshots", undefined, signal);
      expect(receivedBytes).toBeGreaterThanOrEqual(0);
    });

    test("loads files unchanged", async () => {
      const bytes = bytesOf(1000);
      const empty = new Uint8Array();
      const { backend } = await openOver({ config: [bytesOf(99)], keys: [bytes, empty] });
      expect(Buffer.from(await backend.load("config", "", signal))).toEqual(bytesOf(99));
      expect(Buffer.from(await backend.load("keys", idOf(bytes), signal))).toEqual(bytes);
      expect(await backend.load("keys", idOf(empty), signal)).toHaveLength(0);
    });

    test("returns the right content for parallel loads", async () => {
      const snapshots = Array.from({ length: 40 }, (_, index) => bytesOf(1000 + index));
      const { backend, names } = await openOver({ snapshots });
      const loaded = await Promise.all(
        names("snapshots").map((id) => backend.load("snapshots", id, signal)),
      );
      expect(loaded.map(idOf)).toEqual(names("snapshots"));
    });

    test("a missing file is not_found, with its name", async () => {
      const { backend } = await openOver({ snapshots: [bytesOf(1)] });
      const id = idOf(bytesOf(2));
      const failure = await failureOf(backend.load("snapshots", id, signal));
      expect(failure).toMatch(/^not_found: /);
      expect(failure).toContain(id);
      expect(await failureOf(backend.load("config", "", signal))).toMatch(/^not_found: .*config/);
    });

    test.for(["config", "keys"] as const)(
      "does not load more than the bound of %s",
      async (type) => {
        const most = bytesOf(MAX_SIZE_BYTES[type]);
        const good = await openOver({ [type]: [most] });
        expect(await good.backend.load(type, nameOf(type, most), signal)).toHaveLength(most.length);
        const more = bytesOf(MAX_SIZE_BYTES[type] + 1);
        const { backend } = await openOver({ [type]: [more] });
        expect(await failureOf(backend.load(type, nameOf(type, more), signal))).toMatch(
          /^corrupt: /,
        );
      },
    );

    test("with an aborted signal rejects with its reason", async () => {
      const reason = new Error("stopped");
      const { backend } = await openOver({ keys: [bytesOf(5)] });
      const aborted = AbortSignal.abort(reason);
      await expect(backend.list("keys", undefined, aborted)).rejects.toBe(reason);
      await expect(backend.load("keys", idOf(bytesOf(5)), aborted)).rejects.toBe(reason);
    });

    test("a call that is aborted rejects with the reason, unless it has finished", async () => {
      const reason = new Error("stopped");
      const bytes = bytesOf(60_000);
      const { backend } = await openOver({ keys: [bytes] });
      const abort = new AbortController();
      const outcomes = [
        backend.list("keys", undefined, abort.signal).then(({ names }) => [...names][0]),
        backend.load("keys", idOf(bytes), abort.signal).then(idOf),
      ].map((call) => call.catch((error: unknown) => error));
      abort.abort(reason);
      for (const outcome of await Promise.all(outcomes))
        expect([reason, idOf(bytes), fault ?? reason]).toContain(outcome);
      expect((await listAll(backend, "keys")).names).toHaveLength(1);
    });

    test("never prints a login", async () => {
      const { backend } = await openOver({});
      const failure = await failureOf(backend.load("config", "", signal));
      expect(backend.location).not.toBe("");
      for (const credential of credentials) {
        expect(backend.location).not.toContain(credential);
        expect(failure).not.toContain(credential);
      }
    });

    test("has no method that writes", async () => {
      const { backend } = await openOver({});
      const optional = new Set(["close", "slices"]);
      expect(membersOf(backend).filter((member) => !optional.has(member))).toEqual([
        "connections",
        "list",
        "load",
        "location",
      ]);
      expect(backend.connections).toBeGreaterThanOrEqual(1);
    });
  });
}

function nameOf(type: FileType, bytes: Uint8Array): string {
  return type === "config" ? "" : idOf(bytes);
}

function idOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** All byte values, in a pattern that does not repeat. */
function bytesOf(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) % 256));
}

/** Own and inherited members. */
function membersOf(object: object): readonly string[] {
  const names = new Set(Object.getOwnPropertyNames(object));
  for (
    let prototype: unknown = Object.getPrototypeOf(object);
    typeof prototype === "object" && prototype !== null && prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    for (const name of Object.getOwnPropertyNames(prototype)) names.add(name);
  }
  names.delete("constructor");
  return [...names].toSorted();
}

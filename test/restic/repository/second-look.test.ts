import { beforeEach, describe, expect, test } from "vitest";

import { AgentError } from "../../../instrumentation/core/error.ts";
import type { Catalogue } from "../../../instrumentation/restic/repository/repository.ts";
import type { Access } from "../../../instrumentation/restic/repository/session.ts";
import { settle } from "../../support/core/clock.ts";
import { RepositoryReader } from "../../support/repository/repository-reader.ts";
import type { RepositoryFiles } from "../../support/repository/sealed-repository.ts";

const TIME = "2024-05-01T12:00:00Z";
const STRAY = "5".repeat(64);
const NOT_FOUND = new AgentError("not_found", "not found (404)");

let reader: RepositoryReader;

beforeEach(() => {
  reader = new RepositoryReader(3_600_000);
});

function add(count: number, hostname: string, username = "root"): readonly string[] {
  return Array.from({ length: count }, () =>
    reader.sealed.addSnapshot({ time: TIME, hostname, username }),
  );
}

function remove(ids: readonly string[]): void {
  for (const id of ids) reader.sealed.files.delete(`snapshots/${id}`);
}

/** The files that the repository has from each listing of `snapshots/` on, one after the other. */
function listings(...shown: readonly RepositoryFiles[]): void {
  const { files } = reader.sealed;
  const queue = shown.map((one) => new Map(one)).values();
  reader.before = (call) => {
    const next = call === "LIST snapshots" ? queue.next().value : undefined;
    if (!next) return;
    files.clear();
    for (const [path, stored] of next) files.set(path, stored);
  };
}

/** Reads, and lets the time until a second look pass. `waited` is whether there was one. */
async function read(
  access: Partial<Access> = {},
): Promise<Catalogue & { readonly waited: boolean }> {
  const reading = reader.read("right", access);
  reading.catch(() => {});
  await settle();
  const waited = reader.clock.sleeping > 0;
  await reader.clock.advance(2999);
  if (waited) expect(reader.clock.sleeping).toBe(1);
  await reader.clock.advance(1);
  return { ...(await reading), waited };
}

function hosts({ snapshots }: Catalogue): readonly string[] {
  return [...snapshots.values()].map(({ hostname }) => hostname).toSorted();
}

describe("after listed files are missing, the second listing counts", () => {
  test("one stray name in the first listing hides nothing", async () => {
    add(3, "web");
    const whole = new Map(reader.sealed.files);
    const stray = new Map([...whole].filter(([path]) => !path.startsWith("snapshots/")));
    stray.set(`snapshots/${STRAY}`, Buffer.of());
    reader.refused.set(STRAY, NOT_FOUND);
    listings(stray, whole);
    const catalogue = await read();
    expect(hosts(catalogue)).toEqual(["web", "web", "web"]);
    expect(catalogue.unreadable.size).toBe(0);
    expect(catalogue.waited).toBe(false);
  });

  test("a file that is deleted and a new one between the listings", async () => {
    const [old = ""] = add(1, "old");
    add(1, "kept");
    const first = new Map(reader.sealed.files);
    remove([old]);
    reader.refused.set(old, NOT_FOUND);
    add(1, "new");
    listings(first, new Map(reader.sealed.files));
    expect(hosts(await read())).toEqual(["kept", "new"]);
    expect(reader.calls.filter((call) => call === "LIST snapshots")).toHaveLength(2);
  });

  test("names that are listed twice and never there are a failure, not an empty repository", async () => {
    for (const name of [STRAY, "6".repeat(64)]) {
      reader.sealed.files.set(`snapshots/${name}`, Buffer.of());
      reader.refused.set(name, NOT_FOUND);
    }
    expect(await reader.failure(reader.read())).toBe(
      "corrupt: none of the 2 snapshot files can be read: 55555555 is listed but missing",
    );
  });
});

describe("a second listing 3 s later must agree", () => {
  test("that a backup set is gone, of whatever size", async () => {
    add(7, "kept");
    const gone = add(1, "gone", "");
    await read();
    remove(gone);
    const catalogue = await read();
    expect(catalogue.waited).toBe(true);
    expect(reader.calls).toEqual(["LIST snapshots", "LIST snapshots"]);
    expect(catalogue.losses).toEqual([
      { host: "gone", user: "UNKNOWN", missing: 1, known: 1, confirmed: true },
    ]);
    expect(new Set(hosts(catalogue))).toEqual(new Set(["kept"]));
    expect((await read()).waited).toBe(false);
  });

  test("that more than half of a set, at least five, is gone", async () => {
    add(1, "other");
    const many = add(9, "web");
    await read();
    remove(many.slice(0, 4));
    expect((await read()).losses).toEqual([]);
    add(4, "web");
    remove(many.slice(4));
    const catalogue = await read();
    expect(catalogue.waited).toBe(true);
    expect(catalogue.losses).toEqual([
      { host: "web", user: "root", missing: 5, known: 5, confirmed: true },
    ]);
    expect(hosts(catalogue)).toEqual(["other", "web", "web", "web", "web"]);
  });

  test("that the repository is empty", async () => {
    add(2, "a");
    add(1, "b");
    await read();
    reader.remove("snapshots");
    const catalogue = await read({ publishedId: reader.sealed.id });
    expect(catalogue.waited).toBe(true);
    expect(catalogue.snapshots.size).toBe(0);
    expect(catalogue.losses).toHaveLength(2);
  });

  test("what it still has is kept, and what is new in it is read", async () => {
    const [, gone = ""] = add(2, "a");
    add(6, "b");
    const lost = add(1, "c");
    await read();
    const withoutSnapshots = new Map(
      [...reader.sealed.files].filter(([path]) => !path.startsWith("snapshots/")),
    );
    remove([gone, ...lost]);
    add(1, "d");
    listings(withoutSnapshots, new Map(reader.sealed.files));
    const catalogue = await read();
    expect(hosts(catalogue)).toEqual(["a", "b", "b", "b", "b", "b", "b", "d"]);
    expect(new Map(catalogue.losses.map(({ host, confirmed }) => [host, confirmed]))).toEqual(
      new Map([
        ["a", false],
        ["b", false],
        ["c", true],
      ]),
    );
  });

  test("that one of many is gone, also if another one replaces it; no set lost much", async () => {
    const ids = add(10, "many");
    const only = add(1, "one");
    await read();
    remove([...ids.slice(0, 5), ...only]);
    add(1, "one");
    const catalogue = await read();
    expect(catalogue.waited).toBe(true);
    expect(catalogue.losses).toEqual([]);
    expect(hosts(catalogue)).toHaveLength(6);
  });

  test("but nothing is listed twice while only new snapshots appear", async () => {
    add(2, "web");
    await read();
    add(3, "web");
    expect((await read()).waited).toBe(false);
    expect(reader.calls.filter((call) => call.startsWith("LIST"))).toEqual(["LIST snapshots"]);
  });
});

describe("a missing folder snapshots/", () => {
  const missing = (call: string): void => {
    if (call === "LIST snapshots")
      throw new AgentError("not_found", "https://h/snapshots/: not found (404)");
  };

  test("is an empty repository while no snapshot is known", async () => {
    reader.before = missing;
    expect((await read()).snapshots.size).toBe(0);
  });

  test("is an error if snapshots were published, or were read", async () => {
    const failure =
      "not_found: https://h/snapshots/: not found (404), but the repository had snapshots";
    reader.before = missing;
    expect(await reader.failure(read({ publishedId: reader.sealed.id }))).toBe(failure);
    reader.before = () => {};
    add(1, "web");
    await read();
    reader.before = missing;
    expect(await reader.failure(read())).toBe(failure);
    reader.before = () => {};
    expect(hosts(await read())).toEqual(["web"]);
  });

  test("is an error if snapshots are known from before a restart", async () => {
    const [id = ""] = add(1, "web");
    const before = await reader.read();
    const { sealed } = reader;
    reader = new RepositoryReader(3_600_000, {
      load: async () => ({ snapshots: new Map(before.snapshots), listed: undefined }),
      append: async () => {},
      settle: async () => {},
    });
    reader.sealed = sealed;
    reader.before = missing;
    expect(await reader.failure(read())).toMatch(
      /^not_found: .* but the repository had snapshots$/,
    );
    reader.before = () => {};
    remove([id]);
    expect((await read()).waited).toBe(true);
  });

  test("is a missing repository if config is missing too", async () => {
    add(1, "web");
    await read();
    reader.sealed.files.clear();
    reader.before = missing;
    expect(await reader.failure(read())).toBe(
      "not_found: no restic repository at memory: the config file is missing",
    );
  });
});

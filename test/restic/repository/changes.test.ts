import { beforeEach, describe, expect, test } from "vitest";

import type { Catalogue } from "../../../instrumentation/restic/repository/repository.ts";
import { RepositoryReader } from "../../support/repository/repository-reader.ts";
import { SealedRepository } from "../../support/repository/sealed-repository.ts";

const HOUR = 3_600_000;
const TIME = "2024-05-01T12:00:00Z";

let reader: RepositoryReader;

beforeEach(() => {
  reader = new RepositoryReader(HOUR);
});

describe("an empty listing after a full one", () => {
  beforeEach(async () => {
    reader.sealed.addSnapshot({ time: TIME });
    await reader.read();
  });

  async function readAfterFull(): Promise<Catalogue> {
    const reading = reader.read("right", { publishedId: reader.sealed.id });
    reading.catch(() => {});
    await reader.clock.advance(3000);
    return reading;
  }

  test("is believed when config and keys are there and a second one agrees", async () => {
    reader.remove("snapshots");
    expect((await readAfterFull()).snapshots.size).toBe(0);
    expect(reader.calls).toEqual(["LIST snapshots", "GET config", "LIST keys", "LIST snapshots"]);
  });

  test("is not believed when the second one is not empty", async () => {
    const { files } = reader.sealed;
    const kept = new Map(files);
    reader.remove("snapshots");
    reader.before = (call) => {
      if (call === "LIST keys") for (const [path, stored] of kept) files.set(path, stored);
    };
    expect((await readAfterFull()).snapshots.size).toBe(1);
  });

  test.for([
    [
      "config is gone",
      () => reader.sealed.files.clear(),
      "not_found: no restic repository at memory: there is no config file",
    ],
    [
      "another repository is in its place",
      () => {
        const id = reader.sealed.id;
        reader.sealed = Object.assign(new SealedRepository("right"), { id });
      },
      "not_found: the repository ID is gone: an empty one is in its place",
    ],
  ] as const)("is not believed when %s", async ([, change, message]) => {
    change();
    expect(await reader.failure(readAfterFull())).toBe(
      message.replace("ID", reader.sealed.id.slice(0, 8)),
    );
  });

  test("is not believed when keys/ is empty too", async () => {
    reader.remove("snapshots");
    reader.remove("keys");
    expect(await reader.failure(readAfterFull())).toMatch(
      /^corrupt: there is a config file but no key/,
    );
  });
});

describe("a repository that never held a snapshot", () => {
  test("costs a look at its config at each collection", async () => {
    await reader.read();
    expect(reader.calls).toEqual(["GET config", "LIST keys", "GET keys", "LIST snapshots"]);
    await reader.read();
    expect(reader.calls).toEqual(["LIST snapshots", "GET config"]);
  });

  test("is told from one that is gone", async () => {
    await reader.read();
    reader.sealed.files.clear();
    expect(await reader.failure(reader.read())).toBe(
      "not_found: no restic repository at memory: there is no config file",
    );
  });

  test("and from another one in its place", async () => {
    await reader.read();
    reader.sealed = new SealedRepository("right");
    expect((await reader.read()).config.id).toBe(reader.sealed.id);
  });
});

describe("files that change while they are read", () => {
  test("a snapshot that vanishes between listing and read is gone, not an error", async () => {
    reader.sealed.addSnapshot({ time: TIME, hostname: "kept" });
    const id = reader.sealed.addSnapshot({ time: TIME, hostname: "gone" });
    reader.before = (call) => {
      if (call === "GET snapshots") reader.sealed.files.delete(`snapshots/${id}`);
    };
    const { snapshots, unreadable } = await reader.read();
    expect([...snapshots.values()].map(({ hostname }) => hostname)).toContain("kept");
    expect(unreadable.size).toBe(0);
  });

  test("one that is listed again and is not there is unreadable", async () => {
    reader.sealed.addSnapshot({ time: TIME });
    const id = reader.sealed.addSnapshot({ time: TIME });
    const stored = reader.sealed.files.get(`snapshots/${id}`) ?? expect.fail();
    reader.before = (call) =>
      call === "LIST snapshots"
        ? reader.sealed.files.set(`snapshots/${id}`, stored)
        : call === "GET snapshots" && reader.sealed.files.delete(`snapshots/${id}`);
    const { unreadable } = await reader.read();
    expect([...unreadable]).toEqual([[id, "is listed but is not there"]]);
  });

  test("a repository that was made anew is read anew", async () => {
    reader.sealed.addSnapshot({ time: TIME, hostname: "old" });
    await reader.read();
    reader.sealed = new SealedRepository("right");
    reader.sealed.addSnapshot({ time: TIME, hostname: "new" });
    const { config, snapshots } = await reader.read("right", { publishedId: "old" });
    expect(config.id).toBe(reader.sealed.id);
    expect([...snapshots.values()].map(({ hostname }) => hostname)).toEqual(["new"]);
  });

  test("an upgrade from version 1 to 2 is noticed by its first compressed file", async () => {
    reader.sealed = new SealedRepository("right", 1);
    reader.sealed.addSnapshot({ time: TIME });
    expect((await reader.read()).config.version).toBe(1);
    reader.sealed.writeConfig({ version: 2, id: reader.sealed.id });
    Object.assign(reader.sealed, { version: 2 });
    reader.sealed.addSnapshot({ time: TIME });
    expect((await reader.read()).config.version).toBe(2);
    expect(reader.derivations).toBe(1);
  });
});

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

  test("counts if config and keys exist and a second listing is empty too", async () => {
    reader.remove("snapshots");
    expect((await readAfterFull()).snapshots.size).toBe(0);
    expect(reader.calls).toEqual(["LIST snapshots", "GET config", "LIST keys", "LIST snapshots"]);
  });

  test("does not count if the second listing has files", async () => {
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
      "config is missing",
      () => reader.sealed.files.clear(),
      "not_found: no restic repository at memory: the config file is missing",
    ],
    [
      "another repository is at the same URL",
      () => {
        const id = reader.sealed.id;
        reader.sealed = Object.assign(new SealedRepository("right"), { id });
      },
      "not_found: the repository ID was replaced by an empty one",
    ],
  ] as const)("does not count if %s", async ([, change, message]) => {
    change();
    expect(await reader.failure(readAfterFull())).toBe(
      message.replace("ID", reader.sealed.id.slice(0, 8)),
    );
  });

  test("does not count if keys/ is empty too", async () => {
    reader.remove("snapshots");
    reader.remove("keys");
    expect(await reader.failure(readAfterFull())).toMatch(
      /^corrupt: config exists but no key was found/,
    );
  });
});

describe("a repository that never had a snapshot", () => {
  test("has its config read at each collection", async () => {
    await reader.read();
    expect(reader.calls).toEqual(["GET config", "LIST keys", "GET keys", "LIST snapshots"]);
    await reader.read();
    expect(reader.calls).toEqual(["LIST snapshots", "GET config"]);
  });

  test("differs from one that was deleted", async () => {
    await reader.read();
    reader.sealed.files.clear();
    expect(await reader.failure(reader.read())).toBe(
      "not_found: no restic repository at memory: the config file is missing",
    );
  });

  test("differs from another repository at the same URL", async () => {
    await reader.read();
    reader.sealed = new SealedRepository("right");
    expect((await reader.read()).config.id).toBe(reader.sealed.id);
  });
});

describe("files that change while they are read", () => {
  test("a snapshot that is deleted between listing and read is no error", async () => {
    reader.sealed.addSnapshot({ time: TIME, hostname: "kept" });
    const id = reader.sealed.addSnapshot({ time: TIME, hostname: "gone" });
    reader.before = (call) => {
      if (call === "GET snapshots") reader.sealed.files.delete(`snapshots/${id}`);
    };
    const { snapshots, unreadable } = await reader.read();
    expect([...snapshots.values()].map(({ hostname }) => hostname)).toContain("kept");
    expect(unreadable.size).toBe(0);
  });

  test("a snapshot that is missing but listed again is unreadable", async () => {
    reader.sealed.addSnapshot({ time: TIME });
    const id = reader.sealed.addSnapshot({ time: TIME });
    const stored = reader.sealed.files.get(`snapshots/${id}`) ?? expect.fail();
    reader.before = (call) =>
      call === "LIST snapshots"
        ? reader.sealed.files.set(`snapshots/${id}`, stored)
        : call === "GET snapshots" && reader.sealed.files.delete(`snapshots/${id}`);
    const { unreadable } = await reader.read();
    expect([...unreadable]).toEqual([[id, { code: "corrupt", reason: "is listed but missing" }]]);
  });

  test("a new repository at the same URL is read from the start", async () => {
    reader.sealed.addSnapshot({ time: TIME, hostname: "old" });
    await reader.read();
    reader.sealed = new SealedRepository("right");
    reader.sealed.addSnapshot({ time: TIME, hostname: "new" });
    const { config, snapshots } = await reader.read("right", { publishedId: "old" });
    expect(config.id).toBe(reader.sealed.id);
    expect([...snapshots.values()].map(({ hostname }) => hostname)).toEqual(["new"]);
  });

  test("the first compressed file reveals an upgrade from version 1 to 2", async () => {
    reader.sealed = new SealedRepository("right", 1);
    reader.sealed.addSnapshot({ time: TIME });
    expect((await reader.read()).config.version).toBe(1);
    reader.sealed.writeConfig({ version: 2, id: reader.sealed.id });
    Object.assign(reader.sealed, { version: 2 });
    reader.sealed.addSnapshot({ time: TIME });
    expect((await reader.read()).config.version).toBe(2);
    expect(reader.derivations).toBe(1);
  });

  test("a migration of an old repository shows at the next check of the key", async () => {
    reader.sealed = new SealedRepository("right", 1);
    reader.sealed.addSnapshot({ time: TIME });
    await reader.read();
    reader.sealed.writeConfig({ version: 2, id: reader.sealed.id });
    expect((await reader.read()).config.version).toBe(1);
    await reader.clock.advance(HOUR);
    expect((await reader.read()).config.version).toBe(2);
    expect(reader.derivations).toBe(1);
  });

  test("after a doubt the keys are listed until one opens", async () => {
    reader.sealed.addSnapshot({ time: TIME });
    await reader.read();
    reader.doubtKey();
    await reader.read();
    expect(reader.calls).toEqual(["LIST keys", "GET config", "LIST snapshots"]);
    await reader.read();
    expect(reader.calls).toEqual(["LIST snapshots"]);
    reader.remove("keys");
    reader.sealed.addKey("changed");
    reader.doubtKey();
    for (let reading = 0; reading < 2; reading++)
      expect(await reader.failure(reader.read())).toMatch(/^wrong_password: /);
  });
});

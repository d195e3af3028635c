import { beforeEach, describe, expect, test } from "vitest";

import { AgentError } from "../../../instrumentation/core/error.ts";
import { Secret } from "../../../instrumentation/core/secret.ts";
import { Repository } from "../../../instrumentation/restic/repository/repository.ts";
import type { Catalogue } from "../../../instrumentation/restic/repository/repository.ts";
import { FakeClock } from "../../support/clock.ts";
import { recordedBackend } from "../../support/recorded-backend.ts";
import { SealedRepository } from "../../support/sealed-repository.ts";

const HOUR = 3_600_000;
const TIME = "2024-05-01T12:00:00Z";

let sealed: SealedRepository;
let clock: FakeClock;
let repository: Repository;
let derivations: number;
/** What was asked of the backend, in order. */
let calls: string[];
/** Called before each answer: to let files vanish, or fail. */
let before: (call: string) => void;

function read(password = "right", publishedId?: string, keyHint?: string): Promise<Catalogue> {
  calls = [];
  const backend = recordedBackend(sealed.files, (call) => {
    calls.push(call);
    before(call);
  });
  return repository.read({ backend, password: new Secret(password), keyHint, publishedId }, new AbortController().signal);
}

async function failure(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof AgentError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return expect.fail("did not fail");
}

function forgetAll(): void {
  for (const path of [...sealed.files.keys()]) if (path.startsWith("snapshots/")) sealed.files.delete(path);
}

beforeEach(() => {
  sealed = new SealedRepository("right");
  clock = new FakeClock();
  derivations = 0;
  before = () => {};
  repository = new Repository({ clock, reverifyMs: HOUR, onDerivation: () => (derivations += 1) });
});

describe("the cost of a collection", () => {
  test("the first opens the repository and reads each snapshot, the next asks for one listing", async () => {
    for (const hostname of ["a", "b", "c"]) sealed.addSnapshot({ time: TIME, hostname });
    expect((await read()).snapshots).toHaveLength(3);
    expect(calls).toEqual(["GET config", "LIST keys", "GET keys", "LIST snapshots", ...Array(3).fill("GET snapshots")]);
    expect((await read()).snapshots).toHaveLength(3);
    expect(calls).toEqual(["LIST snapshots"]);
    sealed.addSnapshot({ time: TIME, hostname: "d" });
    expect((await read()).snapshots).toHaveLength(4);
    expect(calls).toEqual(["LIST snapshots", "GET snapshots"]);
    expect(derivations).toBe(1);
  });

  test("after `reverify` the keys are listed, and nothing more while the key is there", async () => {
    await read();
    await clock.advance(HOUR);
    await read();
    expect(calls).toEqual(["LIST keys", "LIST snapshots"]);
    await read();
    expect(calls).toEqual(["LIST snapshots"]);
    expect(derivations).toBe(1);
  });

  test("a forgotten snapshot vanishes", async () => {
    const id = sealed.addSnapshot({ time: TIME });
    sealed.addSnapshot({ time: TIME });
    await read();
    sealed.files.delete(`snapshots/${id}`);
    expect((await read()).snapshots.map((snapshot) => snapshot.id)).not.toContain(id);
  });

  test("what a collection read that was cut short is not read again", async () => {
    for (const hostname of ["a", "b", "c", "d", "e"]) sealed.addSnapshot({ time: TIME, hostname });
    let left = 7;
    before = () => {
      if ((left -= 1) < 0) throw new AgentError("unreachable", "connection lost");
    };
    expect(await failure(read())).toBe("unreachable: connection lost");
    before = () => {};
    expect((await read()).snapshots).toHaveLength(5);
    expect(calls.filter((call) => call === "GET snapshots").length).toBeLessThan(5);
    expect(calls).not.toContain("GET keys");
  });
});

describe("keys", () => {
  test("a wrong password is told, and not tried again on the same keys", async () => {
    expect(await failure(read("wrong"))).toBe("wrong_password: the password does not open the key of the repository");
    expect(await failure(read("wrong"))).toBe("wrong_password: the password does not open the key of the repository");
    expect(calls).toEqual(["GET config", "LIST keys"]);
    expect(derivations).toBe(1);
    sealed.addKey("wrong");
    await read("wrong");
    expect(derivations).toBe(2);
  });

  test("another password is tried on all keys", async () => {
    await failure(read("wrong"));
    await read("right");
    expect(derivations).toBe(2);
  });

  test("each of several keys opens", async () => {
    sealed.addKey("second");
    sealed.addKey("third");
    expect((await read("third")).config).toEqual({ id: sealed.id, version: 2 });
  });

  test("a password that was changed in the repository is noticed when the keys are listed again", async () => {
    await read();
    for (const path of [...sealed.files.keys()]) if (path.startsWith("keys/")) sealed.files.delete(path);
    sealed.addKey("new");
    await read();
    await clock.advance(HOUR);
    expect(await failure(read())).toBe("wrong_password: the password does not open the key of the repository");
    await read("new");
    expect(calls).toEqual(["LIST keys", "GET keys", "GET config", "LIST snapshots"]);
  });

  test("a damaged key file beside a good one costs nothing", async () => {
    for (let index = 0; index < 4; index++) sealed.files.set(`keys/${String(index).repeat(64)}`, Buffer.from("{}"));
    await read();
    expect(await failure(read("wrong"))).toBe(
      "wrong_password: the password does not open the key of the repository; damaged key files: 00000000 is not what its name says, " +
        "11111111 is not what its name says, 22222222 is not what its name says, 33333333 is not what its name says",
    );
  });

  test.for([
    ["{}", 'has the key derivation undefined, not "scrypt"'],
    ["no json", "is not valid JSON"],
    ['{"kdf":"argon2"}', 'has the key derivation "argon2", not "scrypt"'],
    ['{"kdf":"scrypt","N":"1"}', "has no scrypt parameters"],
    ['{"kdf":"scrypt","N":1073741824,"r":8,"p":1}', "has scrypt N=1073741824 r=8 p=1 costs more than N·r·p = 2^25"],
    ['{"kdf":"scrypt","N":32768,"r":8,"p":1,"salt":"AAAA"}', "has a salt that is not of 64 bytes"],
  ] as const)("only a key file that cannot be used: %s", async ([text, reason]) => {
    for (const path of [...sealed.files.keys()]) if (path.startsWith("keys/")) sealed.files.delete(path);
    const id = sealed.addFile("keys", Buffer.from(text));
    expect(await failure(read())).toBe(`corrupt: none of 1 key files can be read; damaged key files: ${id.slice(0, 8)} ${reason}`);
    expect(derivations).toBe(0);
  });

  test("of 25 keys 20 are tried, the hinted one first", async () => {
    const ids = Array.from({ length: 24 }, () => sealed.addKey("other")).toSorted();
    const last = sealed.addKey("last");
    for (const path of [...sealed.files.keys()]) if (path.startsWith("keys/") && !ids.includes(path.slice(5)) && !path.endsWith(last)) sealed.files.delete(path);
    expect(await failure(read("wrong"))).toBe(
      "wrong_password: the password opens none of the first 20 of 25 keys; set RESTIC_KEY_HINT in the environment of the repository to begin with another",
    );
    expect(derivations).toBe(20);
    derivations = 0;
    await read("last", undefined, last.slice(0, 8));
    expect(derivations).toBe(1);
  });
});

describe("what is no repository", () => {
  test("nothing there", async () => {
    sealed.files.clear();
    expect(await failure(read())).toBe("not_found: no restic repository at memory: there is no config file");
  });

  test("no keys: damaged, or the layout of restic before 0.7", async () => {
    for (const path of [...sealed.files.keys()]) if (path.startsWith("keys/")) sealed.files.delete(path);
    expect(await failure(read())).toBe(
      "corrupt: there is a config file but no key: keys/ is empty, or may not be listed; " +
        "an S3 repository of restic before 0.7 must be converted by restic 0.17 (migrate s3_layout)",
    );
  });

  test.for([
    [Buffer.alloc(10), "corrupt: config does not open with the master key (shorter than nonce and MAC): config or key is damaged"],
    [Buffer.alloc(200, 1), "corrupt: config does not open with the master key (MAC does not match): config or key is damaged"],
  ] as const)("config is damaged", async ([stored, message]) => {
    sealed.files.set("config", stored);
    expect(await failure(read())).toBe(message);
  });

  test("a version of the future", async () => {
    sealed.writeConfig({ version: 3, id: sealed.id });
    expect(await failure(read())).toBe("other: repository version 3 is not supported: 1 and 2 are");
  });
});

describe("an empty listing after a full one", () => {
  beforeEach(async () => {
    sealed.addSnapshot({ time: TIME });
    await read();
  });

  async function readAfterFull(): Promise<Catalogue> {
    const reading = read("right", sealed.id);
    reading.catch(() => {});
    await clock.advance(3000);
    return reading;
  }

  test("is believed when config and keys are there and a second one agrees", async () => {
    forgetAll();
    expect((await readAfterFull()).snapshots).toEqual([]);
    expect(calls).toEqual(["LIST snapshots", "GET config", "LIST keys", "LIST snapshots"]);
  });

  test("is not believed when the second one is not empty", async () => {
    const { files } = sealed;
    const kept = new Map(files);
    forgetAll();
    before = (call) => {
      if (call === "LIST keys") for (const [path, stored] of kept) files.set(path, stored);
    };
    expect((await readAfterFull()).snapshots).toHaveLength(1);
  });

  test.for([
    ["config is gone", () => sealed.files.clear(), "not_found: no restic repository at memory: there is no config file"],
    [
      "another repository is in its place",
      () => {
        const id = sealed.id;
        sealed = Object.assign(new SealedRepository("right"), { id });
      },
      "not_found: the repository ID is gone: an empty one is in its place",
    ],
  ] as const)("is not believed when %s", async ([, change, message]) => {
    change();
    expect(await failure(readAfterFull())).toBe(message.replace("ID", sealed.id.slice(0, 8)));
  });

  test("is not believed when keys/ is empty too", async () => {
    forgetAll();
    for (const path of [...sealed.files.keys()]) if (path.startsWith("keys/")) sealed.files.delete(path);
    expect(await failure(readAfterFull())).toMatch(/^corrupt: there is a config file but no key/);
  });
});

describe("files that change while they are read", () => {
  test("a snapshot that vanishes between listing and read is gone, not an error", async () => {
    sealed.addSnapshot({ time: TIME, hostname: "kept" });
    const id = sealed.addSnapshot({ time: TIME, hostname: "gone" });
    before = (call) => {
      if (call === "GET snapshots") sealed.files.delete(`snapshots/${id}`);
    };
    const { snapshots, unreadable } = await read();
    expect(snapshots.map(({ hostname }) => hostname)).toContain("kept");
    expect(unreadable.size).toBe(0);
  });

  test("one that is listed again and is not there is unreadable", async () => {
    sealed.addSnapshot({ time: TIME });
    const id = sealed.addSnapshot({ time: TIME });
    const stored = sealed.files.get(`snapshots/${id}`) ?? expect.fail();
    before = (call) => (call === "LIST snapshots" ? sealed.files.set(`snapshots/${id}`, stored) : call === "GET snapshots" && sealed.files.delete(`snapshots/${id}`));
    const { unreadable } = await read();
    expect([...unreadable]).toEqual([[id, "is listed but is not there"]]);
  });

  test("a repository that was made anew is read anew", async () => {
    sealed.addSnapshot({ time: TIME, hostname: "old" });
    await read();
    sealed = new SealedRepository("right");
    sealed.addSnapshot({ time: TIME, hostname: "new" });
    const { config, snapshots } = await read("right", "old");
    expect(config.id).toBe(sealed.id);
    expect(snapshots.map(({ hostname }) => hostname)).toEqual(["new"]);
  });

  test("an upgrade from version 1 to 2 is noticed by its first compressed file", async () => {
    sealed = new SealedRepository("right", 1);
    sealed.addSnapshot({ time: TIME });
    expect((await read()).config.version).toBe(1);
    sealed.writeConfig({ version: 2, id: sealed.id });
    Object.assign(sealed, { version: 2 });
    sealed.addSnapshot({ time: TIME });
    expect((await read()).config.version).toBe(2);
    expect(derivations).toBe(1);
  });
});

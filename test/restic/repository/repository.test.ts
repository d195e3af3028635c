import { beforeEach, describe, expect, test } from "vitest";

import { AgentError } from "../../../instrumentation/core/error.ts";
import { RepositoryReader } from "../../support/repository/repository-reader.ts";
import { SealedRepository } from "../../support/repository/sealed-repository.ts";

const HOUR = 3_600_000;
const TIME = "2024-05-01T12:00:00Z";

let reader: RepositoryReader;

beforeEach(() => {
  reader = new RepositoryReader(HOUR);
});

describe("the cost of a collection", () => {
  test("the first opens the repository and reads each snapshot, the next sends one listing", async () => {
    for (const hostname of ["a", "b", "c"]) reader.sealed.addSnapshot({ time: TIME, hostname });
    expect((await reader.read()).snapshots.size).toBe(3);
    expect(reader.calls).toEqual([
      "GET config",
      "LIST keys",
      "GET keys",
      "LIST snapshots",
      ...Array(3).fill("GET snapshots"),
    ]);
    expect((await reader.read()).snapshots.size).toBe(3);
    expect(reader.calls).toEqual(["LIST snapshots"]);
    reader.sealed.addSnapshot({ time: TIME, hostname: "d" });
    expect((await reader.read()).snapshots.size).toBe(4);
    expect(reader.calls).toEqual(["LIST snapshots", "GET snapshots"]);
    expect(reader.derivations).toBe(1);
  });

  test("after `reverify` the keys are listed and config is read; no key is derived while its file exists", async () => {
    reader.sealed.addSnapshot({ time: TIME });
    await reader.read();
    await reader.clock.advance(HOUR);
    await reader.read();
    expect(reader.calls).toEqual(["LIST keys", "GET config", "LIST snapshots"]);
    await reader.read();
    expect(reader.calls).toEqual(["LIST snapshots"]);
    expect(reader.derivations).toBe(1);
  });

  test("a forgotten snapshot disappears", async () => {
    const id = reader.sealed.addSnapshot({ time: TIME });
    reader.sealed.addSnapshot({ time: TIME });
    await reader.read();
    reader.sealed.files.delete(`snapshots/${id}`);
    const reading = reader.read();
    await reader.clock.advance(3000);
    expect([...(await reading).snapshots.keys()]).not.toContain(id);
    expect(reader.calls).toEqual(["LIST snapshots", "LIST snapshots"]);
  });

  test("a snapshot that an interrupted collection read is not read again", async () => {
    for (const hostname of ["a", "b", "c", "d", "e"])
      reader.sealed.addSnapshot({ time: TIME, hostname });
    let left = 7;
    reader.before = () => {
      if ((left -= 1) < 0) throw new AgentError("unreachable", "connection lost");
    };
    expect(await reader.failure(reader.read())).toBe("unreachable: connection lost");
    reader.before = () => {};
    expect((await reader.read()).snapshots.size).toBe(5);
    expect(reader.calls.filter((call) => call === "GET snapshots").length).toBeLessThan(5);
    expect(reader.calls).not.toContain("GET keys");
  });
});

describe("keys", () => {
  test("a wrong password is reported, and not tried again on the same keys", async () => {
    expect(await reader.failure(reader.read("wrong"))).toBe(
      "wrong_password: the password does not open the key of the repository",
    );
    expect(await reader.failure(reader.read("wrong"))).toBe(
      "wrong_password: the password does not open the key of the repository",
    );
    expect(reader.calls).toEqual(["GET config", "LIST keys"]);
    expect(reader.derivations).toBe(1);
    reader.sealed.addKey("wrong");
    await reader.read("wrong");
    expect(reader.derivations).toBe(2);
  });

  test("another password is tried on all keys", async () => {
    await reader.failure(reader.read("wrong"));
    await reader.read("right");
    expect(reader.derivations).toBe(2);
  });

  test("each of several keys opens", async () => {
    reader.sealed.addKey("second");
    reader.sealed.addKey("third");
    expect((await reader.read("third")).config).toEqual({ id: reader.sealed.id, version: 2 });
  });

  test("a key file that may not be read does not hide one that opens", async () => {
    reader.sealed.addKey("second");
    const outcomes: string[] = [];
    for (const password of ["right", "second"]) {
      const fresh = new RepositoryReader(HOUR);
      fresh.sealed = reader.sealed;
      let count = 0;
      fresh.before = (call) => {
        if (call === "GET keys" && count++ === 0)
          throw new AgentError("denied", "access denied (403)");
      };
      outcomes.push(
        await fresh.read(password).then(
          () => "open",
          (error: unknown) => String(error),
        ),
      );
    }
    expect(outcomes.toSorted()).toEqual(["AgentError: access denied (403)", "open"]);
  });

  test("the next listing of keys reveals that the password was changed in the repository", async () => {
    await reader.read();
    reader.remove("keys");
    reader.sealed.addKey("new");
    await reader.read();
    await reader.clock.advance(HOUR);
    expect(await reader.failure(reader.read())).toBe(
      "wrong_password: the password does not open the key of the repository",
    );
    await reader.read("new");
    expect(reader.calls).toEqual(["LIST keys", "GET keys", "LIST snapshots", "GET config"]);
  });

  test("a damaged key file does not matter beside a good one", async () => {
    for (let index = 0; index < 4; index++)
      reader.sealed.files.set(`keys/${String(index).repeat(64)}`, Buffer.from("{}"));
    await reader.read();
    expect(await reader.failure(reader.read("wrong"))).toBe(
      "wrong_password: the password does not open the key of the repository; damaged key files: 00000000 does not match its name, " +
        "11111111 does not match its name, 22222222 does not match its name, 33333333 does not match its name",
    );
  });

  test("a key of another repository with the same password does not matter beside a good one", async () => {
    for (let index = 0; index < 4; index++) {
      for (const [path, stored] of new SealedRepository("right").files)
        if (path.startsWith("keys/")) reader.sealed.files.set(path, stored);
    }
    expect((await reader.read()).config.id).toBe(reader.sealed.id);
    const { derivations } = reader;
    await reader.clock.advance(HOUR);
    await reader.read();
    expect(reader.derivations).toBe(derivations);
  });

  test("a single key that is of another repository is damage, not a wrong password", async () => {
    reader.remove("keys");
    for (const [path, stored] of new SealedRepository("right").files)
      if (path.startsWith("keys/")) reader.sealed.files.set(path, stored);
    expect(await reader.failure(reader.read())).toBe(
      "corrupt: config does not open with the master key (it does not match its MAC): the config or the key file is damaged",
    );
  });

  test.for([
    ["{}", 'has the key derivation undefined, not "scrypt"'],
    ["no json", "is not valid JSON"],
    ['{"kdf":"argon2"}', 'has the key derivation "argon2", not "scrypt"'],
    ['{"kdf":"scrypt","N":"1"}', "has no scrypt parameters"],
    [
      '{"kdf":"scrypt","N":1073741824,"r":8,"p":1}',
      "has scrypt N=1073741824 r=8 p=1 costs more than N·r·p = 2^25",
    ],
    [
      '{"kdf":"scrypt","N":32768,"r":8,"p":1,"salt":"AAAA"}',
      "has a salt that is not 64 bytes long",
    ],
  ] as const)("a single unusable key file is reported: %s", async ([text, reason]) => {
    reader.remove("keys");
    const id = reader.sealed.addFile("keys", Buffer.from(text));
    expect(await reader.failure(reader.read())).toBe(
      `corrupt: none of the 1 key files can be read; damaged key files: ${id.slice(0, 8)} ${reason}`,
    );
    expect(reader.derivations).toBe(0);
  });

  test("20 of 25 keys are tried, the hinted key first", async () => {
    reader.remove("keys");
    for (let index = 0; index < 24; index++) reader.sealed.addKey("other");
    const last = reader.sealed.addKey("last");
    expect(await reader.failure(reader.read("wrong"))).toBe(
      "wrong_password: the password opens none of the first 20 of 25 keys; set RESTIC_KEY_HINT in the environment of the repository to try another one first",
    );
    expect(reader.derivations).toBe(20);
    reader.derivations = 0;
    await reader.read("last", { keyHint: last.slice(0, 8) });
    expect(reader.derivations).toBe(1);
  });
});

describe("not a repository", () => {
  test("an empty location", async () => {
    reader.sealed.files.clear();
    expect(await reader.failure(reader.read())).toBe(
      "not_found: no restic repository at memory: the config file is missing",
    );
  });

  test("a repository that was deleted before the keys are listed again", async () => {
    reader.sealed.addSnapshot({ time: TIME });
    await reader.read();
    await reader.clock.advance(HOUR);
    reader.sealed.files.clear();
    expect(await reader.failure(reader.read())).toBe(
      "not_found: no restic repository at memory: the config file is missing",
    );
  });

  test("a config without keys: damage, or the layout of restic before 0.7", async () => {
    reader.remove("keys");
    expect(await reader.failure(reader.read())).toBe(
      "corrupt: config exists but no key was found: keys/ is empty, or listing it is not permitted; " +
        "convert an S3 repository of restic before 0.7 with restic 0.17 (migrate s3_layout)",
    );
  });

  test.for([
    [
      Buffer.alloc(10),
      "corrupt: config does not open with the master key (it is shorter than nonce and MAC): the config or the key file is damaged",
    ],
    [
      Buffer.alloc(200, 1),
      "corrupt: config does not open with the master key (it does not match its MAC): the config or the key file is damaged",
    ],
  ] as const)("a damaged config", async ([stored, message]) => {
    reader.sealed.files.set("config", stored);
    expect(await reader.failure(reader.read())).toBe(message);
  });

  test("an unknown version", async () => {
    reader.sealed.writeConfig({ version: 3, id: reader.sealed.id });
    expect(await reader.failure(reader.read())).toBe(
      "other: unsupported repository version 3: use 1 or 2",
    );
  });
});

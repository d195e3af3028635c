import { randomBytes } from "node:crypto";
import { mkdir, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";

import { expect } from "vitest";

import { repositoryFolder } from "./repository-folder.ts";
import { SealedRepository } from "./sealed-repository.ts";

/** The value of every secret: no output may contain it. */
export const PASSWORD = "CANARY-password";
const GOOD = { time: "2024-05-01T12:00:00Z", hostname: "web", username: "root" };

/** Control characters, quotes, exposition syntax, markup. */
export const NAMES = 'a"b\\c\n\u0001{}=,<b>\u2028é';

/** Writes a bad repository into a folder. */
type Make = (path: string, sealed: SealedRepository) => unknown;

/** A good repository with one snapshot, then changed. */
function changed(change: (sealed: SealedRepository) => unknown): Make {
  return async (path, sealed) => {
    sealed.addSnapshot(GOOD);
    change(sealed);
    await repositoryFolder(sealed.files, path);
  };
}

function removeKeys(sealed: SealedRepository): void {
  for (const name of sealed.files.keys()) if (name.startsWith("keys/")) sealed.files.delete(name);
}

function keyFile(change: object): Make {
  return changed((sealed) => {
    const [name, stored] =
      [...sealed.files].find(([path]) => path.startsWith("keys/")) ?? expect.fail();
    sealed.files.delete(name);
    const file = { ...JSON.parse(Buffer.from(stored).toString()), ...change };
    sealed.addFile("keys", Buffer.from(JSON.stringify(file)));
  });
}

/** A good repository with unusual but valid snapshots. */
export const withOddSnapshots: Make = changed((sealed) => {
  sealed.addSnapshot({ ...GOOD, hostname: NAMES, extra: [{}] });
  sealed.addSnapshot({ time: GOOD.time });
  sealed.addSnapshot({ ...GOOD, hostname: "early", time: "0001-01-01T00:00:00Z" });
  sealed.addSnapshot({ ...GOOD, hostname: "late", time: "2100-01-01T00:00:00Z" });
});

/** Repositories that fail as a whole: name, code, message. */
export const FAILING: readonly (readonly [string, Make, string, string | RegExp])[] = [
  ["nothing", () => {}, "not_found", "no restic repository at PATH: the config file is missing"],
  [
    "folder",
    (path) => mkdir(path),
    "not_found",
    "no restic repository at PATH: the config file is missing",
  ],
  [
    "s3legacy",
    async (path, sealed) => {
      await mkdir(join(path, "key"), { recursive: true });
      await writeFile(join(path, "config"), sealed.files.get("config") ?? "");
      await writeFile(join(path, "key", "00".repeat(32)), "{}");
    },
    "corrupt",
    /^config exists but no key was found: .*; convert an S3 repository of restic before 0.7/,
  ],
  [
    "config-cut",
    changed((sealed) =>
      sealed.files.set("config", sealed.files.get("config")?.subarray(0, 20) ?? Buffer.of()),
    ),
    "corrupt",
    "config does not open with the master key (it is shorter than nonce and MAC): the config or the key file is damaged",
  ],
  [
    "config-empty",
    changed((sealed) => sealed.files.set("config", Buffer.of())),
    "corrupt",
    "config does not open with the master key (it is shorter than nonce and MAC): the config or the key file is damaged",
  ],
  [
    "25-keys",
    changed((sealed) => {
      removeKeys(sealed);
      for (let count = 0; count < 25; count++) sealed.addKey("another");
    }),
    "wrong_password",
    "the password opens none of the first 20 of 25 keys; set RESTIC_KEY_HINT in the environment of the repository to try another one first",
  ],
  [
    "scrypt-2-30",
    keyFile({ N: 2 ** 30, r: 8, p: 1 }),
    "corrupt",
    /^none of the 1 key files can be read; damaged key files: [0-9a-f]{8} has scrypt N=1073741824 r=8 p=1 costs more than N·r·p = 2\^25$/,
  ],
  [
    "scrypt-memory",
    keyFile({ N: 2 ** 21, r: 8, p: 1 }),
    "corrupt",
    /^none of the 1 key files can be read; damaged key files: [0-9a-f]{8} has scrypt N=2097152 r=8 needs more than 256 MiB$/,
  ],
  [
    "wrong-password",
    changed((sealed) => {
      removeKeys(sealed);
      sealed.addKey("another");
    }),
    "wrong_password",
    "the password does not open the key of the repository",
  ],
  [
    "foreign-key",
    changed((sealed) => {
      removeKeys(sealed);
      for (const [name, stored] of new SealedRepository(PASSWORD).files)
        if (name.startsWith("keys/")) sealed.files.set(name, stored);
    }),
    "corrupt",
    "config does not open with the master key (it does not match its MAC): the config or the key file is damaged",
  ],
  [
    "version-3",
    changed((sealed) => sealed.writeConfig({ version: 3, id: sealed.id })),
    "other",
    "unsupported repository version 3: use 1 or 2",
  ],
  ["loop", (path) => symlink(path, path), "other", "reading PATH/config: ELOOP"],
];

const NOT_ITS_NAME = "does not match its name: truncated or changed";

/** Repositories with one unreadable snapshot file, and the reason. */
export const UNREADABLE: readonly (readonly [string, Make, string])[] = [
  ["cut", changed((sealed) => damage(sealed, (stored) => stored.subarray(0, 90))), NOT_ITS_NAME],
  [
    "flipped",
    changed((sealed) =>
      damage(sealed, (stored) => Buffer.from(stored.map((byte, at) => byte ^ Number(at === 50)))),
    ),
    NOT_ITS_NAME,
  ],
  [
    "renamed",
    changed((sealed) => sealed.files.set(`snapshots/${id()}`, Buffer.from("x"))),
    NOT_ITS_NAME,
  ],
  ["empty", changed((sealed) => sealed.files.set(`snapshots/${id()}`, Buffer.of())), NOT_ITS_NAME],
  [
    "1-gib",
    async (path, sealed) => {
      sealed.addSnapshot(GOOD);
      await repositoryFolder(sealed.files, path);
      const file = join(path, "snapshots", id());
      await writeFile(file, "");
      await truncate(file, 2 ** 30);
    },
    "is not read: PATH/snapshots/ID has 1073741824 bytes, more than the allowed 8388608",
  ],
  [
    "zip-bomb",
    changed((sealed) =>
      sealed.addSealed(
        "snapshots",
        Buffer.concat([Buffer.of(2), zstdCompressSync(Buffer.alloc(2 ** 28, " "))]),
      ),
    ),
    "expands to more than 8 MiB",
  ],
  [
    "no-such-day",
    changed((sealed) => sealed.addSnapshot({ time: "2024-02-30T12:00:00Z" })),
    'has no valid "time"',
  ],
  [
    "long-hostname",
    changed((sealed) => sealed.addSnapshot({ ...GOOD, hostname: "h".repeat(2 ** 20) })),
    'has a "hostname" of more than 1024 bytes',
  ],
];

function id(): string {
  return randomBytes(32).toString("hex");
}

function damage(sealed: SealedRepository, alter: (stored: Uint8Array) => Uint8Array): void {
  const name = `snapshots/${sealed.addSnapshot({ ...GOOD, hostname: "damaged" })}`;
  sealed.files.set(name, alter(sealed.files.get(name) ?? expect.fail()));
}

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterEach, beforeEach, expect, test } from "vitest";

import { file } from "../../instrumentation/secrets/file.ts";
import { failureOf } from "../support/core/failure.ts";

const { signal } = new AbortController();
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "secret-"));
  path = join(folder, "password");
});

afterEach(() => rm(folder, { recursive: true }));

async function resolved(content: string | Uint8Array): Promise<Buffer> {
  await writeFile(path, content);
  return Buffer.from((await file.resolve(path, signal)).reveal());
}

/** As textfile.Read of restic and strings.TrimSpace of Go. */
test.for([
  ["a line", "secret\n", "secret"],
  ["a line with CR LF", "secret\r\n", "secret"],
  ["white space around and within", " \t se cret \v\f\n\n", "se cret"],
  ["several lines", "one\ntwo\n", "one\ntwo"],
  ["white space beyond ASCII", "\u00a0\u2003\u3000secret\u0085\u2028", "secret"],
  [
    "a zero-width space, which is no white space for Go",
    "\u200bsecret\u200b",
    "\u200bsecret\u200b",
  ],
  ["a byte order mark", "\ufeffsecret\n", "secret"],
  ["UTF-16, little endian", Buffer.from("\ufeffsecret\n", "utf16le"), "secret"],
  ["UTF-16, big endian", Buffer.from("\ufeffsecret\n", "utf16le").swap16(), "secret"],
  [
    "invalid UTF-8",
    Buffer.from(" \xff\xfesecret\xff\n", "latin1"),
    Buffer.from("\xff\xfesecret\xff", "latin1"),
  ],
  ["umlauts", "pässwörd ✓\n", "pässwörd ✓"],
] as const)("a file is read as restic reads a password file: %s", async ([, content, secret]) => {
  const bytes = typeof secret === "string" ? Buffer.from(secret) : secret;
  expect(await resolved(content)).toEqual(bytes);
});

test("an empty file is an error", async () => {
  for (const content of ["", "\n", "\ufeff \n"])
    expect(await failureOf(resolved(content))).toBe(`secret: the file ${path} is empty`);
});

test("a file that does not exist, is a directory or is too large is an error", async () => {
  expect(await failureOf(file.resolve(path, signal))).toBe(
    `secret: the file ${path} does not exist`,
  );
  expect(await failureOf(file.resolve(folder, signal))).toBe(
    `secret: the file ${folder} is a directory`,
  );
  expect(await failureOf(resolved("CANARY".repeat(20_000)))).toBe(
    `secret: the file ${path} is larger than 65536 bytes`,
  );
});

test("a pipe without a writer does not block", async () => {
  await promisify(execFile)("mkfifo", [path]);
  expect(await failureOf(file.resolve(path, signal))).toMatch(/^secret: the file \S+ /);
});

test("the file is read at each call, so a rotated secret is returned", async () => {
  expect((await resolved("one")).toString()).toBe("one");
  expect((await resolved("two")).toString()).toBe("two");
});

test.for(["", 5, undefined, {}])("%j is rejected as a path", (reference) => {
  expect(file.check(reference)).toBe("must be a path");
});

test("a file in UTF-16 without a byte order mark is named as such", async () => {
  for (const content of [
    Buffer.from("secret\n", "utf16le"),
    Buffer.from("secret", "utf16le").swap16(),
  ])
    await expect(resolved(content)).rejects.toThrow(
      `the file ${path} is in UTF-16 without a byte order mark: save it as UTF-8`,
    );
});

test("a name that may be the secret itself is not shown", async () => {
  expect(await failureOf(file.resolve("hunter2SECRET", signal))).toBe(
    "secret: the named file does not exist",
  );
});

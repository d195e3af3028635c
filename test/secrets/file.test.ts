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

/** restic-format: as restic's textfile.Read and strings.TrimSpace. */
test.for([
  ["a line", "secret\n", "secret"],
  ["a line of Windows", "secret\r\n", "secret"],
  ["white space around and within", " \t se cret \v\f\n\n", "se cret"],
  ["several lines", "one\ntwo\n", "one\ntwo"],
  ["white space beyond ASCII", "\u00a0\u2003\u3000secret\u0085\u2028", "secret"],
  ["what Go takes for no white space", "\u200bsecret\u200b", "\u200bsecret\u200b"],
  ["a byte order mark", "\ufeffsecret\n", "secret"],
  ["UTF-16, little endian", Buffer.from("\ufeffsecret\n", "utf16le"), "secret"],
  ["UTF-16, big endian", Buffer.from("\ufeffsecret\n", "utf16le").swap16(), "secret"],
  [
    "bytes that are no UTF-8",
    Buffer.from(" \xff\xfesecret\xff\n", "latin1"),
    Buffer.from("\xff\xfesecret\xff", "latin1"),
  ],
  ["umlauts", "pässwörd ✓\n", "pässwörd ✓"],
] as const)("%s", async ([, content, secret]) => {
  const bytes = typeof secret === "string" ? Buffer.from(secret) : secret;
  expect(await resolved(content)).toEqual(bytes);
});

test("nothing in it is no password", async () => {
  for (const content of ["", "\n", "\ufeff \n"])
    expect(await failureOf(resolved(content))).toBe(`secret: the file ${path} is empty`);
});

test("what cannot be read", async () => {
  expect(await failureOf(file.resolve(path, signal))).toBe(`secret: the file ${path} is not there`);
  expect(await failureOf(file.resolve(folder, signal))).toBe(
    `secret: the file ${folder} is a directory`,
  );
  expect(await failureOf(resolved("CANARY".repeat(20_000)))).toBe(
    `secret: the file ${path} has more than 65536 bytes`,
  );
});

test("a pipe that nobody writes to does not block", async () => {
  await promisify(execFile)("mkfifo", [path]);
  expect(await failureOf(file.resolve(path, signal))).toMatch(/^secret: the file \S+ /);
});

test("a file is read each time: a rotated secret is seen", async () => {
  expect((await resolved("one")).toString()).toBe("one");
  expect((await resolved("two")).toString()).toBe("two");
});

test.for(["", 5, undefined, {}])("%j is no path", (reference) => {
  expect(file.check(reference)).toBe("must be a path");
});

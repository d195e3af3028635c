import {
  appendFileSync,
  closeSync,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
} from "node:fs";
import { opendirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import type { Stats } from "node:fs";
import { join } from "node:path";

/**
 * A replacement of ssh: `fake-sftp.ts FOLDER [FAULT]` serves a folder read-only by SFTP version 3. With FAKE_STDERR it prints that file
 * and exits with FAKE_EXIT. It writes its environment to FAKE_ENVIRONMENT, and one line for each start and request to FAKE_LOG. In
 * test/peers/backends/sftp.test.ts the real restic works with it.
 */
const [folder = "/", fault = ""] = process.argv.slice(2);
const { FAKE_STDERR, FAKE_EXIT = "255", FAKE_ENVIRONMENT, FAKE_LOG } = process.env;

const NAMES = new Map([
  [1, "INIT"],
  [3, "OPEN"],
  [4, "CLOSE"],
  [5, "READ"],
  [7, "LSTAT"],
  [8, "FSTAT"],
  [11, "OPENDIR"],
  [12, "READDIR"],
  [17, "STAT"],
]);
const STATUS = 101;
const HANDLE = 102;
const DATA = 103;
const NAME = 104;
const ATTRIBUTES = 105;
/** OpenSSH's names in one response. */
const NAMES_AT_ONCE = 100;
/** Entries of the fault `endless` in one response: 500 KB. */
const MANY = 20_000;

const files = new Map<string, number>();
const folders = new Map<string, { readonly path: string; names: readonly string[] }>();
let endless = Buffer.alloc(0);
let handles = 0;
let requests = 0;
let rest = Buffer.alloc(0);

function log(line: string): void {
  if (FAKE_LOG !== undefined) appendFileSync(FAKE_LOG, `${line}\n`);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

function text(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u32(bytes.length), bytes]);
}

function send(type: number, ...fields: readonly Buffer[]): void {
  const body = Buffer.concat([Buffer.of(type), ...fields]);
  process.stdout.write(Buffer.concat([u32(body.length), body]));
}

function attributes(stats: Stats): Buffer {
  if (fault === "no attributes") return u32(0);
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(fault === "grown" ? stats.size + 50_000 : stats.size));
  // All attributes: size, ids, permissions, times and an extension.
  const flags = 0x8000_000f;
  const fields = [flags, -1, stats.uid, stats.gid, stats.mode, 0, 0, 1].map(u32);
  return Buffer.concat([...fields.toSpliced(1, 1, size), text("name@example"), text("value")]);
}

function answer(type: number, id: Buffer, body: Buffer): void {
  const length = body.readUInt32BE(0);
  const target = body.subarray(4, 4 + length).toString();
  const path = join(folder, target);
  switch (NAMES.get(type)) {
    case "OPEN":
      handles += 1;
      files.set(`file ${handles}`, openSync(path, "r"));
      return send(HANDLE, id, text(`file ${handles}`));
    case "OPENDIR":
      handles += 1;
      opendirSync(path).closeSync();
      folders.set(`folder ${handles}`, { path, names: [".", "..", ...readdirSync(path)] });
      return send(HANDLE, id, text(`folder ${handles}`));
    case "READDIR": {
      const open = folders.get(target);
      if (!open) throw new Error("no such handle");
      const names = open.names.slice(0, NAMES_AT_ONCE);
      open.names = open.names.slice(NAMES_AT_ONCE);
      if (fault === "endless") return send(NAME, id, u32(MANY), endless);
      if (names.length === 0) return status(id, 1, "end");
      const entries = names.map((name) =>
        Buffer.concat([
          text(name),
          text(`?? ${name}`),
          attributes(lstatSync(join(open.path, name))),
        ]),
      );
      return send(NAME, id, u32(entries.length), ...entries);
    }
    case "READ": {
      const at = Number(body.readBigUInt64BE(4 + length));
      const asked = body.readUInt32BE(12 + length);
      const bytes = Buffer.alloc(fault === "short reads" ? Math.min(asked, 1000) : asked);
      const got = readSync(handle(target), bytes, 0, bytes.length, at);
      if (fault === "empty data") return send(DATA, id, text(""));
      return got === 0 ? status(id, 1, "end") : send(DATA, id, text(bytes.subarray(0, got)));
    }
    case "FSTAT":
      return send(ATTRIBUTES, id, attributes(fstatSync(handle(target))));
    case "LSTAT":
      return send(ATTRIBUTES, id, attributes(lstatSync(path)));
    case "STAT":
      return send(ATTRIBUTES, id, attributes(statSync(path)));
    case "CLOSE": {
      const file = files.get(target);
      if (file !== undefined) closeSync(file);
      return status(id, files.delete(target) || folders.delete(target) ? 0 : 4, "closed");
    }
    default:
      return status(id, 8, "unsupported");
  }
}

function handle(name: string): number {
  const file = files.get(name);
  if (file === undefined) throw new Error("no such handle");
  return file;
}

function status(id: Buffer, code: number, message: string): void {
  send(STATUS, id, u32(code), text(message), text(""));
}

function failed(id: Buffer, error: unknown): void {
  const code = error instanceof Error && "code" in error ? error.code : "";
  if (code === "ENOENT" || code === "ENOTDIR") return status(id, 2, "No such file");
  if (code === "EACCES") return status(id, 3, "Permission denied");
  return status(id, 4, "Failure");
}

function receive(type: number, body: Buffer): void {
  if (type === 1) return send(2, u32(fault === "version 2" ? 2 : 3), text("x@example"), text("1"));
  requests += 1;
  log(NAMES.get(type) ?? String(type));
  const id = body.subarray(0, 4);
  if (fault === "silent") return;
  if (fault === "dies" && requests === 3) process.exit(1);
  if (fault === "foreign id") return status(u32(4_000_000), 0, "");
  if (fault === "too short") return send(HANDLE, id, u32(1000));
  if (fault === "refuses") return status(id, 3, "");
  if (fault === "fails") return status(id, 4, "Bad\nluck");
  if (fault === "another type") return send(NAME, id, u32(0));
  if (fault === "too long") return void process.stdout.write(u32(2 ** 31));
  const reply = (): void => {
    try {
      answer(type, id, body.subarray(4));
    } catch (error) {
      failed(id, error);
    }
  };
  // Responses in any order.
  if (fault === "out of order" && NAMES.get(type) === "READ") setTimeout(reply, (requests * 7) % 5);
  else reply();
}

if (fault === "endless")
  endless = Buffer.concat(
    Array.from({ length: MANY }, (_, index) => [text(`file ${index}`), text(""), u32(0)]).flat(),
  );
log("start");
if (FAKE_ENVIRONMENT !== undefined) writeFileSync(FAKE_ENVIRONMENT, JSON.stringify(process.env));
if (FAKE_STDERR !== undefined) {
  process.stderr.write(readFileSync(FAKE_STDERR));
  process.exit(Number(FAKE_EXIT));
}
if (fault === "babbles") process.stdout.write("Welcome to this host, dear user\n");
process.stdout.on("error", () => {});
process.stdin.on("data", (chunk: Buffer) => {
  rest = Buffer.concat([rest, chunk]);
  while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
    const end = 4 + rest.readUInt32BE(0);
    const [type = 0] = rest.subarray(4, 5);
    const body = rest.subarray(5, end);
    rest = rest.subarray(end);
    receive(type, body);
  }
});
process.stdin.on("end", () => {
  if (fault !== "stays") return process.exit(0);
  log("stays");
  return setInterval(() => {}, 1000);
});

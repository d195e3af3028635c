import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { HTTP_PLACES } from "../support/backends/http-places.ts";
import { FaultServer, answer } from "../support/http/fault-server.ts";
import type { Fault } from "../support/http/fault-server.ts";

const MIB = 2 ** 20;
const LISTER = join(import.meta.dirname, "../fuzz/list-once.ts");
/** Megabytes of 2,000,000 names. */
const MOST_NAMES = (2_000_000 * 90) / MIB;
const NAME = "0".repeat(64);
const DIGITS = "0123456789abcdef".split("");

let server: FaultServer;

beforeEach(async () => {
  server = await FaultServer.start();
});

afterEach(() => server.stop());

/** Sends a start, and then a text again and again up to this size. */
function repeated(start: string, text: string, bytes: number): Fault {
  const block = Buffer.from(text.repeat(Math.ceil(65_536 / text.length)));
  return (_request, response) => {
    let left = bytes;
    const send = (): void => {
      while (left > 0) {
        left -= block.length;
        if (!response.write(block)) return void response.once("drain", send);
      }
      response.end();
    };
    response.on("error", () => {});
    response.write(start);
    send();
  };
}

/** Sends each byte as a chunk of its own. RFC 9112, section 7.1. */
function byBytes(start: string, text: string, bytes: number): Fault {
  const chunked = (all: string): string => all.replaceAll(/[^]/g, (byte) => `1\r\n${byte}\r\n`);
  const block = Buffer.from(chunked(text.repeat(Math.ceil(4096 / text.length))));
  return ({ socket }) => {
    socket.on("error", () => {});
    socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(start)}`);
    let left = bytes;
    const send = (): void => {
      for (; left > 0; left -= 4096)
        if (!socket.write(block)) {
          left -= 4096;
          return void socket.once("drain", send);
        }
      socket.end("0\r\n\r\n");
    };
    send();
  };
}

interface Listing {
  readonly outcome: string;
  /** At the peak. */
  readonly megabytes: number;
  /** Of the names, after the garbage was collected. */
  readonly keptBytes: number;
}

/** The second listing gets the hostile body. */
async function list(name: string, hostile: Fault, ...type: readonly string[]): Promise<Listing> {
  const prelude = HTTP_PLACES[name]?.prelude?.(server) ?? [];
  server.answers(...prelude, answer("x"), hostile);
  const options = ["--conditions=source", "--expose-gc", LISTER, name, server.url, ...type];
  const { stdout } = await promisify(execFile)(process.execPath, options);
  return JSON.parse(stdout);
}

/** When V8 collects garbage is chance: of a listing that took too much, the best of three attempts counts. */
async function expectMemory(bound: number, ...listing: Parameters<typeof list>): Promise<string> {
  let best = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 3; attempt++) {
    const { outcome, megabytes } = await list(...listing);
    best = Math.min(best, megabytes);
    if (best < bound) return outcome;
  }
  return expect.fail(`the listing took ${best} MB, and may take ${bound} MB`);
}

describe.for(Object.keys(HTTP_PLACES))("%s: memory stays below 100 MB in a listing of", (name) => {
  test.for([
    ["64 MiB of brackets", repeated("", "[", 64 * MIB)],
    ["64 MiB of names in an array", repeated("[", '"a",', 64 * MIB)],
    ["64 MiB of empty objects", repeated('{"kind":"storage#objects","items":[', "{},", 64 * MIB)],
    ["64 MiB of elements", repeated("<ListBucketResult>", "<Contents/>", 64 * MIB)],
    ["15 MiB of empty objects", repeated('{"files":[', "{},", 15 * MIB)],
    ["15 MiB of elements", repeated("<EnumerationResults><Blobs>", "<B/>", 15 * MIB)],
    ["1 MiB in chunks of one byte", byBytes("[", '"a",', MIB)],
  ] as const)("%s", async ([, hostile]) => {
    // The REST backend has kept names until there were too many.
    const bound = name === "REST" ? 100 + MOST_NAMES : 100;
    expect(await expectMemory(bound, name, hostile)).toMatch(/^AgentError: /);
  });
});

test("a listing of more than 2,000,000 names fails, whatever the names are", async () => {
  const hostile = repeated("[", '"a",', 9 * MIB);
  expect(await expectMemory(100 + MOST_NAMES, "REST", hostile)).toMatch(
    /\/repo\/keys\/ has more than 2000000 files$/,
  );
});

test("a name takes about 90 bytes", async () => {
  const many = 600_000;
  const entry = `"${NAME}",`;
  const { outcome, keptBytes } = await list("REST", (request, response) => {
    response.write("[");
    for (let sent = 0; sent < many; sent += 1000) response.write(entry.repeat(1000));
    response.end(`"${NAME}"]`);
    request.resume();
  });
  expect(outcome).toBe(`${many + 1} names`);
  expect(keptBytes).toBeGreaterThan(many * 70);
  expect(keptBytes).toBeLessThan(many * 95);
});

describe("a listing of packs, which a receiver gets in parts, takes less than 100 MB for", () => {
  test("800,000 packs", async () => {
    const many = 800_000;
    const outcome = await expectMemory(100, "REST", packs(many), "data");
    expect(outcome).toBe(`800000 packs of ${17 * many} bytes`);
  });

  test("320,000 packs of S3 in 16 slices", async () => {
    const each = 20_000;
    const outcome = await expectMemory(100, "S3", slicesOf(each), "data", ...DIGITS);
    expect(outcome).toBe(`320000 packs of ${17 * 16 * each} bytes`);
  });

  test.for([
    ["64 MiB of names", repeated("[", '"a",', 64 * MIB), "not as a restic REST server does"],
    ["more than 20,000,000 names", repeated("[", "7,", 64 * MIB), "has more than 20000000 files"],
    ["100 MiB in one name", repeated('["', "a", 100 * MIB), "is longer than a listing"],
    ["100 MiB of white space", repeated("[1,", "      ", 100 * MIB), "is longer than a listing"],
  ] as const)("%s, and fails", async ([, hostile, failure]) => {
    expect(await expectMemory(100, "REST", hostile, "data")).toContain(failure);
  });
});

/** A bucket that has this many packs for each first digit, in pages of 1,000. */
function slicesOf(many: number): Fault {
  return ({ url = "" }, response) => {
    const { searchParams } = new URL(url, "http://host");
    const digit = searchParams.get("prefix")?.at(-1) ?? "";
    const from = Number(searchParams.get("continuation-token") ?? 0);
    const to = Math.min(from + 1000, many);
    const contents = Array.from({ length: to - from }, (_, index) => {
      const name = digit + (from + index).toString(16).padStart(63, "0");
      return `<Contents><Key>repo/data/${name.slice(0, 2)}/${name}</Key><LastModified>2026-11-30T07:00:00.000Z</LastModified><ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>17</Size><StorageClass>STANDARD</StorageClass></Contents>`;
    }).join("");
    const next = to === many ? "" : `<NextContinuationToken>${to}</NextContinuationToken>`;
    response.end(
      `<ListBucketResult><IsTruncated>${to < many}</IsTruncated>${next}${contents}</ListBucketResult>`,
    );
  };
}

/** A listing of packs with different names. */
function packs(many: number): Fault {
  return (_request, response) => {
    let sent = 0;
    const send = (): void => {
      while (sent < many) {
        const entries = Array.from({ length: 1000 }, (_, index) => {
          const name = (sent + index).toString(16).padStart(64, "0");
          return `${sent + index === 0 ? "[" : ","}{"name":"${name}","size":17}`;
        });
        sent += entries.length;
        if (!response.write(entries.join(""))) return void response.once("drain", send);
      }
      response.end("]");
    };
    send();
  };
}

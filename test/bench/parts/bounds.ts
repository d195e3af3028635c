import { zstdCompressSync } from "node:zlib";

import { Key } from "../../../instrumentation/restic/crypto/key.ts";
import { unpack } from "../../../instrumentation/restic/repository/decompress.ts";
import { decodeSnapshot } from "../../../instrumentation/restic/repository/snapshot.ts";
import { ANSWERS } from "../../fuzz/targets/answers.ts";
import { REPOSITORY } from "../../fuzz/targets/repository.ts";
import { TEXTS } from "../../fuzz/targets/texts.ts";
import { inputOf, LETTERS, microseconds } from "../../fuzz/worst-letters.ts";
import type { Target } from "../../fuzz/target.ts";
import { newMaterial, seal } from "../../support/repository/sealed-repository.ts";
import { atMost } from "../goals.ts";
import type { Findings } from "../goals.ts";
import { figure, RUNS, show, table } from "../measure.ts";
import type { Figure } from "../measure.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const SIZES = [64 * KIB, 512 * KIB] as const;

/** Untrusted bytes at their bounds: CPU time of each parser, and the pause for the largest snapshots. */
export async function benchBounds(log: (line: string) => void): Promise<Findings> {
  const parsers: (readonly [string, number, number])[] = [];
  for (const target of [...ANSWERS, ...REPOSITORY, ...TEXTS]) {
    log(target.name);
    const [short, long] = [await worst(target, SIZES[0]), await worst(target, SIZES[1])];
    parsers.push([target.name, short, long]);
  }
  log("snapshots at their bounds");
  const pauses = SNAPSHOTS.map(([name, json]) => [name, pauseFor(json)] as const);
  const ms = (value: number): string => value.toFixed(1);
  const slowest = parsers.toSorted((a, b) => b[2] - a[2]);
  return {
    text: [
      "### Untrusted bytes at their bounds\n",
      table(
        ["parser", "64 KiB of the worst letters, CPU ms", "512 KiB, CPU ms"],
        slowest.map(([name, short, long]) => [name, ms(short), ms(long)]),
      ),
      table(
        ["snapshot", "MAC, AES, zstd and JSON, ms"],
        pauses.map(([name, pause]) => [name, show(pause, 1)]),
      ),
    ].join("\n"),
    goals: [
      ...pauses.map(([name, pause]) =>
        atMost(`a snapshot of ${name}`, "pause of the event loop", pause, {
          limit: 50,
          unit: " ms",
          digits: 0,
        }),
      ),
      atMost("64 KiB of the worst letters", "CPU time of the slowest parser", highest(parsers), {
        limit: 200,
        unit: " ms",
        digits: 0,
      }),
    ],
  };
}

function highest(parsers: readonly (readonly [string, number, number])[]): Figure {
  const most = Math.max(...parsers.map(([, short]) => short));
  return { median: most, min: most, max: most };
}

/** Milliseconds for the letters that take the longest, the least of some runs. */
async function worst(target: Target, bytes: number): Promise<number> {
  let most = 0;
  for (const head of target.heads ?? [""])
    for (const letters of LETTERS) {
      const input = inputOf(head, letters, bytes);
      let least = Infinity;
      for (let run = 0; run < 3; run++) least = Math.min(least, await microseconds(target, input));
      most = Math.max(most, least);
    }
  return most / 1000;
}

const material = newMaterial();
const key = new Key(material);

/** JSON of a snapshot that has one thing in plenty. */
function snapshotWith(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({
    time: "2026-11-26T22:37:24.123456789+01:00",
    tree: "0".repeat(64),
    paths: ["/home"],
    hostname: "web",
    username: "root",
    ...fields,
  });
}

const SNAPSHOTS: readonly (readonly [name: string, json: string])[] = [
  [
    "100,000 paths of 40 characters",
    snapshotWith({
      paths: Array.from({ length: 100_000 }, (_, index) => `/${String(index).padStart(39, "d")}`),
    }),
  ],
  ["240,000 tags of 20 characters", snapshotWith({ tags: Array.from({ length: 240_000 }, tag) })],
  ["10,000 objects", snapshotWith({ x: Array.from({ length: 9_000 }, () => ({ a: 1 })) })],
  ["one text of 8 MiB", snapshotWith({ x: "\\".repeat(4 * MIB - 200) })],
];

function tag(_: unknown, index: number): string {
  return String(index).padStart(20, "t");
}

function pauseFor(json: string): Figure {
  const plain = Buffer.concat([Buffer.of(2), zstdCompressSync(json)]);
  const file = seal(plain, material);
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const beganMs = performance.now();
    decodeSnapshot("0".repeat(64), unpack(key.open(file), 8 * MIB).json);
    times.push(performance.now() - beganMs);
  }
  return figure(times);
}

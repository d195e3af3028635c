import { hash } from "node:crypto";

import { ANSWERS } from "../../fuzz/targets/answers.ts";
import { REPOSITORY } from "../../fuzz/targets/repository.ts";
import { TEXTS } from "../../fuzz/targets/texts.ts";
import { inputOf, LETTERS, microseconds } from "../../fuzz/worst-letters.ts";
import type { Target } from "../../fuzz/target.ts";
import { StatefulScene } from "../../support/repository/stateful-scene.ts";
import { atMost } from "../goals.ts";
import type { Findings } from "../goals.ts";
import { figure, RUNS, show, table } from "../measure.ts";
import type { Figure } from "../measure.ts";

/** Rows of parsers. */
const SLOWEST = 5;
const KIB = 1024;
const MIB = 1024 * KIB;
const PAUSE = { limit: 50, unit: " ms", digits: 0 };
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
  const pauses: (readonly [string, Pauses])[] = [];
  for (const [name, json] of SNAPSHOTS) pauses.push([name, await pausesFor(json)]);
  const ms = (value: number): string => value.toFixed(1);
  const slowest = parsers.toSorted((a, b) => b[2] - a[2]).slice(0, SLOWEST);
  return {
    text: [
      table(
        ["the slowest parsers", "64 KiB of the worst letters, CPU ms", "512 KiB, CPU ms"],
        slowest.map(([name, short, long]) => [name, ms(short), ms(long)]),
      ),
      table(
        ["snapshot", "longest pause, first read, ms", "after a restart with stateDir, ms"],
        pauses.map(([name, { first, restarted }]) => [name, show(first, 1), show(restarted, 1)]),
      ),
    ].join("\n"),
    goals: [
      ...pauses.flatMap(([name, { first, restarted }]) => [
        atMost(`a snapshot of ${name}`, "pause of the event loop", first, PAUSE),
        atMost(`a snapshot of ${name}, restarted`, "pause of the event loop", restarted, PAUSE),
      ]),
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
  ["240,000 tags in no order", snapshotWith({ tags: Array.from({ length: 240_000 }, shuffled) })],
  ["10,000 objects", snapshotWith({ x: Array.from({ length: 9_000 }, () => ({ a: 1 })) })],
  ["20,000 members of objects", snapshotWith({ x: membersOf(19_900) })],
  ["one text of 8 MiB", snapshotWith({ x: "\\".repeat(4 * MIB - 200) })],
];

/** Some names in each object: no two objects have the same. */
function membersOf(count: number): object {
  const members = Array.from({ length: count }, (_, index) => [`m${index}`, 1] as const);
  const parts = Array.from({ length: count / 25 }, (_, part) =>
    Object.fromEntries(members.slice(part * 25, (part + 1) * 25)),
  );
  return parts;
}

function tag(_: unknown, index: number): string {
  return String(index).padStart(20, "t");
}

/** Characters without an order, which take the longest to sort. */
function shuffled(_: unknown, index: number): string {
  return hash("sha256", String(index)).slice(0, 30);
}

interface Pauses {
  readonly first: Figure;
  readonly restarted: Figure;
}

/** The longest pauses of an agent with a state folder that reads a repository with one snapshot. */
async function pausesFor(json: string): Promise<Pauses> {
  const first: number[] = [];
  const restarted: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const scene = await StatefulScene.open();
    const id = scene.sealed.addSnapshotText(json);
    for (const pauses of [first, restarted]) {
      const agent = scene.agent();
      pauses.push(
        await longestPause(async () => {
          const { ids } = await agent.collect();
          if (ids[0] !== id) throw new Error("the snapshot was not read");
        }),
      );
      await agent.stop();
    }
    await scene.remove();
  }
  return { first: figure(first), restarted: figure(restarted) };
}

/** Milliseconds between two turns of the event loop, at most. */
async function longestPause(run: () => Promise<void>): Promise<number> {
  let [longest, last, isRunning] = [0, performance.now(), true];
  const turn = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (isRunning) setImmediate(turn);
  };
  setImmediate(turn);
  await run();
  isRunning = false;
  turn();
  return longest;
}

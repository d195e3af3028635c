import { writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";

import { peerPath } from "../support/agent/peers.ts";
import type { Server } from "../support/http/server.ts";
import { collect } from "./processes/agent.ts";
import { MAIN, run } from "./measure.ts";
import { PASSWORD } from "./repositories.ts";

/** One measurement of a program that reads the snapshots. */
export interface Sample {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly requests: number;
  /** Undefined if the server does not log it. */
  readonly receivedBytes: number | undefined;
  readonly keyDerivations: number;
  readonly peakBytes: number;
  /** From the log of the server. */
  readonly seen: Answers;
}

export type Samples = Readonly<Record<string, Sample>>;

/** A repository on a server. */
export interface Place {
  /** Number of snapshots. */
  readonly size: number;
  /** restic's repository string. */
  readonly repo: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Its log contains all requests. */
  readonly server: Server;
  /** Matches a successful request in the log: method, path, and the bytes of the response if they are logged. */
  readonly line: RegExp;
}

export const REST_LINE = /"([A-Z]+) (\S+) HTTP[^"]*" 20\d (\d+)/g;
export const VERSITYGW_LINE = / s3_(\w+) (\S+) \S+ 20\d /g;

interface Answers {
  readonly requests: number;
  readonly writes: number;
  readonly snapshotsRead: number;
  readonly receivedBytes: number | undefined;
}

/** Counts the requests in the log of the server after the offset `before`. A line is written after its response. */
async function answersSince({ server, line }: Place, before: number): Promise<Answers> {
  await setTimeout(200);
  const sum = { requests: 0, writes: 0, snapshotsRead: 0 };
  let receivedBytes: number | undefined;
  for (const [, method = "", path = "", bytes] of server.log().slice(before).matchAll(line)) {
    sum.requests += 1;
    if (!/^(get|head|list)/i.test(method)) sum.writes += 1;
    if (/snapshots\/[0-9a-f]{64}$/.test(path)) sum.snapshotsRead += 1;
    if (bytes !== undefined) receivedBytes = (receivedBytes ?? 0) + Number(bytes);
  }
  return { ...sum, receivedBytes };
}

/** Measures a process of `restic snapshots`. */
export async function byRestic(
  place: Place,
  cache: readonly string[],
  connections?: number,
): Promise<Sample> {
  const [scheme] = place.repo.split(":");
  const limit = connections === undefined ? [] : ["-o", `${scheme}.connections=${connections}`];
  const env = {
    ...place.environment,
    RESTIC_REPOSITORY: place.repo,
    RESTIC_PASSWORD: PASSWORD,
  };
  const before = place.server.log().length;
  const args = ["snapshots", "--no-lock", "--json", ...cache, ...limit];
  const { stdout, ...cost } = await run(peerPath("restic"), args, env);
  const listed: unknown = JSON.parse(stdout);
  if (!Array.isArray(listed) || listed.length !== place.size)
    throw new Error("restic did not list all snapshots");
  const seen = await answersSince(place, before);
  // restic caches no keys: one derivation per start.
  return { ...cost, ...seen, keyDerivations: 1, seen };
}

/** Measures two collections of the agent in one process, by its own counters. `seen` counts both. */
export async function byAgent(
  place: Place,
  connections?: number,
  stateDir?: string,
): Promise<readonly [first: Sample, steady: Sample]> {
  const before = place.server.log().length;
  const both = await collect({
    urls: [place.repo],
    password: PASSWORD,
    ...(connections !== undefined && { connections }),
    ...(stateDir !== undefined && { stateDir }),
    ...(place.environment && { environment: place.environment }),
  });
  const seen = await answersSince(place, before);
  const [first, steady] = both;
  if (first.snapshots !== place.size || steady.snapshots !== place.size)
    throw new Error("the agent did not read all snapshots");
  if (first.requests + steady.requests !== seen.requests)
    throw new Error(
      `the agent counted ${first.requests + steady.requests} requests, the server ${seen.requests}`,
    );
  return [
    { ...first, seen },
    { ...steady, seen },
  ];
}

/** Measures a process of the agent with --once. */
export async function byProgram(
  place: Place,
  connections: number,
  file: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Sample> {
  const repository = { repo: place.repo, password: PASSWORD, connections };
  await writeFile(file, JSON.stringify({ repositories: [repository] }));
  const before = place.server.log().length;
  const args = [MAIN, "--config", file, "--once", "--log-level", "warn"];
  const { stdout, ...cost } = await run(process.execPath, args, env);
  const seen = await answersSince(place, before);
  const value = (name: string): number =>
    Number(new RegExp(`^${name}(?:\\{.*\\})? (\\d+)`, "m").exec(stdout)?.[1]);
  if (value("backup_repository_snapshots") !== place.size)
    throw new Error("the agent did not read all snapshots");
  return {
    ...cost,
    ...seen,
    keyDerivations: value("backup_repository_key_derivations_total"),
    seen,
  };
}

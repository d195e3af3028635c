import { setTimeout } from "node:timers/promises";

import { peerPath } from "../support/agent/peers.ts";
import type { Server } from "../support/http/server.ts";
import { run, script } from "./measure.ts";
import { PASSWORD } from "./repositories.ts";
import { REST_LINE } from "./ways.ts";

/** One inventory, or one run of restic. */
export interface Work {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Of the process so far. */
  readonly peakBytes: number;
  readonly requests: number;
}

export interface InventoryWork extends Work {
  /** The longest pause of the event loop; 0 unless pauses are measured. */
  readonly pauseMs: number;
  /** Milliseconds of each collection during the inventory. */
  readonly beside: readonly number[];
  readonly counts: Readonly<Record<string, number>>;
}

interface InventoryRun {
  /** Peak of the process before the first inventory. */
  readonly startBytes: number;
  /** Milliseconds of each collection before the first inventory. */
  readonly alone: readonly number[];
  readonly inventories: readonly InventoryWork[];
}

export interface InventoryOptions {
  /** Default: 1. */
  readonly inventories?: number;
  readonly slices?: number;
  readonly stateDir?: string;
  /** Credentials of the repository; default: none. */
  readonly credentials?: Readonly<Record<string, string>>;
  /** Measure pauses of the event loop, which takes CPU time. */
  readonly pauses?: boolean;
  /** Collect the repository before the inventory and beside it, again and again. */
  readonly collects?: boolean;
  /** Environment of the process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Inventories of one repository in one process, one after the other. CPU time is that of the inventory, without the start. */
export async function byInventory(
  url: string,
  { credentials = {}, env, ...options }: InventoryOptions = {},
): Promise<InventoryRun> {
  const settings = JSON.stringify({
    inventories: 1,
    slices: 1,
    pauses: false,
    collects: false,
    ...options,
    url,
    password: PASSWORD,
    environment: credentials,
  });
  const args = [...script("processes/inventory"), settings];
  const { stdout } = await run(process.execPath, args, env);
  const taken: InventoryRun = JSON.parse(stdout);
  return taken;
}

/** A process of restic, with its start and its key derivation. */
export async function byRestic(
  server: Server,
  url: string,
  args: readonly string[],
  folder: string,
): Promise<Work> {
  const before = server.log().length;
  const env = { RESTIC_REPOSITORY: url, RESTIC_PASSWORD: PASSWORD, TMPDIR: folder, HOME: folder };
  const work = await run(peerPath("restic"), [...args, "--no-lock"], env);
  // A line of the log is written after its response.
  await setTimeout(200);
  const requests = [...server.log().slice(before).matchAll(REST_LINE)].length;
  return { ...work, requests };
}

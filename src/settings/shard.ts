import { hash } from "node:crypto";
import { hostname } from "node:os";

import { isRecord } from "restic-otel-instrumentation/internal";

import type { Format } from "./formats.ts";

/** One of several agents that share the repositories. */
export interface Shard {
  /** From 0. */
  readonly index: number;
  readonly total: number;
}

/** More agents than anybody has. */
const MAX_TOTAL = 10_000;

/** `2/5` or `{index: 2, total: 5}`, both from 0; `auto/5` takes the number at the end of the host's name; empty for none. */
export const shard: Format<Shard | undefined> = {
  check(value) {
    if (value === "") return undefined;
    const read = readShard(value, hostname());
    return typeof read === "string" ? read : undefined;
  },
  parse(value) {
    const read = value === "" ? undefined : readShard(value, hostname());
    return typeof read === "string" ? undefined : read;
  },
};

/** The shard, or what is wrong with what was written. */
export function readShard(value: unknown, host: string): Shard | string {
  const [, written, of] = /^(\d+|auto)\/(\d+)$/.exec(typeof value === "string" ? value : "") ?? [];
  const given = isRecord(value)
    ? { index: value["index"], total: value["total"], keys: Object.keys(value).length }
    : {
        index: written === "auto" ? numberOf(host) : written && Number(written),
        total: Number(of),
        keys: 2,
      };
  const { index, total, keys } = given;
  if (written === "auto" && index === undefined)
    return `auto needs a host name that ends in a number, as that of a pod of a StatefulSet: this one is "${host}"`;
  if (!isNumber(index) || !isNumber(total) || keys !== 2)
    return 'must be like "2/5", the third of five, or "auto/5", or {index: 2, total: 5}';
  if (total < 1 || total > MAX_TOTAL) return `there can be 1 to ${MAX_TOTAL} shards, not ${total}`;
  if (index >= total) return `the shards of ${total} are 0 to ${total - 1}: there is no ${index}`;
  return { index, total };
}

/** A mapping of the file in its short form. */
export function shardText({ index, total }: Readonly<Record<string, unknown>>): string {
  return `${String(index)}/${String(total)}`;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function numberOf(host: string): number | undefined {
  const [, digits] = /(\d{1,9})$/.exec(host.split(".", 1)[0] ?? "") ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * Whose a repository is, by its printable URL. Rendezvous hashing (Thaler and Ravishankar 1996): each shard bids, the highest
 * bid wins, so that another shard takes its part of the repositories, and no other one moves.
 */
export function shardOf(url: string, total: number): number {
  let best = 0;
  let highest = "";
  for (let index = 0; index < total; index++) {
    const bid = hash("sha256", `${index}\n${url}`, "hex");
    if (bid > highest) [best, highest] = [index, bid];
  }
  return best;
}

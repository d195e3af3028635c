import { hash } from "node:crypto";
import { hostname } from "node:os";

import { isJsonObject, mapping } from "restic-otel-instrumentation/internal";
import type { ExpectationSettings } from "restic-otel-instrumentation/internal";

import type { Format } from "./formats.ts";

/** The share of one agent, if several agents divide the repositories among them. */
export interface Shard {
  /** Counted from 0. */
  readonly index: number;
  readonly total: number;
}

/** Bounds the loop of `shardOf`. */
const MAX_TOTAL = 10_000;

const WRITTEN = /^(\d+|auto)\/(\d+)$/;

const INDEX = { type: "integer", minimum: 0, maximum: MAX_TOTAL };

/** `2/5` or `{index: 2, total: 5}`, counted from 0; `auto/5`: the index is the number at the end of the host name; empty: no shard. */
export const shard: Format<Shard | undefined> = {
  schema: {
    anyOf: [
      { type: "string", pattern: `^$|${WRITTEN.source}` },
      mapping({ index: INDEX, total: { ...INDEX, minimum: 1 } }, ["index", "total"]),
    ],
  },
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

/** Returns the shard, or a message if the value is invalid. */
export function readShard(value: unknown, host: string): Shard | string {
  const [, written, of] = WRITTEN.exec(typeof value === "string" ? value : "") ?? [];
  const parts = isJsonObject(value)
    ? { index: value["index"], total: value["total"], keys: Object.keys(value).length }
    : {
        index: written === "auto" ? numberOf(host) : written && Number(written),
        total: Number(of),
        keys: 2,
      };
  const { index, total, keys } = parts;
  if (written === "auto" && index === undefined)
    return `auto needs a host name that ends in a number, such as the name of a StatefulSet pod, not "${host}"`;
  if (!isNumber(index) || !isNumber(total) || keys !== 2)
    return 'must be like "2/5" (the third of five), "auto/5" or {index: 2, total: 5}';
  if (total < 1 || total > MAX_TOTAL)
    return `the number of shards must be from 1 to ${MAX_TOTAL}, not ${total}`;
  if (index >= total) return `the shard index must be from 0 to ${total - 1}, not ${index}`;
  return { index, total };
}

/** Converts the mapping of a file to the short form. */
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
 * The index of the shard that collects the repository with this printable URL. Rendezvous hashing (Thaler and Ravishankar 1996):
 * each shard bids, the highest bid wins. An additional shard takes its share, and no repository moves between the other shards.
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

/** Copies can be compared only by an agent that collects all repositories of the expectation. */
export function shardProblems(
  { expectations }: ExpectationSettings,
  part: Shard | undefined,
  problemAt: (path: readonly (string | number)[], message: string) => string,
): readonly string[] {
  if (!part) return [];
  return expectations.flatMap(({ copies, urls }, index) => {
    const shards = Map.groupBy(urls, (url) => shardOf(url, part.total));
    if (copies === 1 || shards.size < 2) return [];
    const parts = [...shards].map(([of, ofShard]) => `${ofShard.join(", ")} in shard ${of}`);
    return problemAt(
      ["expect", index, "copies"],
      `the repositories are in several shards, and no agent sees all copies: ${parts.join("; ")}`,
    );
  });
}

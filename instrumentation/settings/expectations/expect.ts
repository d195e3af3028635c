import { NameList } from "./glob.ts";
import type { Glob } from "./glob.ts";
import { isJsonObject } from "../../core/json.ts";
import type { JsonObject } from "../../core/json.ts";
import type { EntryReader } from "./entry-reader.ts";
import type { Expectation } from "./expectations.ts";
import { enabledUrls } from "./matching-urls.ts";
import type { ConfiguredRepositories } from "./matching-urls.ts";
import { readRetention } from "./retention.ts";
import { unknownKeys } from "../problem.ts";
import { NAME } from "./schema.ts";

/** Reads one entry of `expect`. @param hosts the key `hosts` of the entry */
export function readExpectation(
  entry: JsonObject,
  reader: EntryReader,
  hosts: readonly Glob[],
  configured: ConfiguredRepositories,
): Expectation {
  const { urls, matching } = enabledUrls(reader, configured);
  const copies = reader.count("copies") ?? 1;
  if (copies > Math.max(matching, 1) && configured.areComplete)
    reader.problem(
      ["copies"],
      `is ${copies}, but only ${matching} of the configured repositories ${matching === 1 ? "matches" : "match"}`,
    );
  return {
    name: readName(reader),
    urls,
    hosts: new NameList(hosts),
    users: namesOf(reader, "users"),
    tags: reader.texts("tags")?.map(([tag]) => tag) ?? [],
    paths: reader.texts("paths")?.map(([one]) => one) ?? [],
    maxAgeMs: readMaxAge(reader),
    minSnapshots: reader.count("minSnapshots") ?? 0,
    minFiles: reader.count("minFiles") ?? 0,
    minBytes: reader.bytes("minBytes") ?? 0,
    copies,
    pausedUntil: readPause(reader, entry["paused"]),
    allowTime: reader.boolean("allowTime"),
    ...readRetention(reader),
    text: JSON.stringify(entry),
  };
}

function readName(reader: EntryReader): string {
  const name = reader.text("name");
  if (!reader.has("name")) reader.problem([], "name is missing: the label of its metrics");
  else if (name !== undefined && !NAME.test(name))
    reader.problem(["name"], "must have 1 to 64 of the characters a-z, 0-9, _ and -");
  return name ?? "";
}

function readMaxAge(reader: EntryReader): number {
  if (!reader.has("maxAge"))
    reader.problem(
      [],
      'maxAge is missing: the age at which the newest snapshot is late, like "26h"',
    );
  return reader.durationMs("maxAge") ?? 0;
}

function readPause(reader: EntryReader, paused: unknown): number | undefined {
  if (paused === undefined) return undefined;
  const example = 'like {until: "2026-12-31"}';
  for (const [key, message] of isJsonObject(paused) ? unknownKeys(paused, ["until"]) : [])
    reader.problem(["paused", key], message);
  if (!isJsonObject(paused) || paused["until"] === undefined)
    return reader.problem(["paused"], `needs the date of its end, ${example}`);
  return reader.date(paused["until"], ["paused", "until"]);
}

export function namesOf(reader: EntryReader, key: string): NameList | undefined {
  const globs = reader.globs(key)?.map(([glob]) => glob);
  return globs && new NameList(globs);
}

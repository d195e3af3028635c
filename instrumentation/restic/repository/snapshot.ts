import type { JsonObject } from "../../core/json.ts";
import type { Groups } from "./groups.ts";
import { parseObject, text } from "./json.ts";
import { decodeSummary } from "./summary.ts";
import type { Summary } from "./summary.ts";
import { parseInstant, ZERO_TIME } from "./timestamp.ts";
import type { Instant } from "./timestamp.ts";

/** The fields of a snapshot file that a monitor needs. restic design document, section "Snapshots". */
export interface Snapshot {
  /** The name of its file. */
  readonly id: string;
  /** Start of the backup by the client's clock. */
  readonly time: Instant;
  readonly hostname: string;
  readonly username: string;
  /** Written by restic 0.17 and later. */
  readonly summary: Summary | undefined;
  /** undefined: not read yet, as the snapshot is known from a journal that lacks them. */
  readonly details?: Details | undefined;
  /** undefined: the file was in the first complete listing of the repository, or is known from a journal that does not say. */
  readonly firstSeen?: FirstSeen | undefined;
}

/** Fields that the journals of restic-otel 0.1 lack. */
export interface Details {
  /** The snapshot that this one was made from by tag, rewrite, repair or copy. */
  readonly original: string | undefined;
  /** Id of the root tree, a blob. */
  readonly tree: string | undefined;
  /** In the order of the file. undefined: beyond the 16 MiB of lists of a repository. */
  readonly paths: readonly string[] | undefined;
  readonly tags: readonly string[] | undefined;
  readonly groups: Groups;
  /** Such as `restic 0.18.0`; since restic 0.16. */
  readonly programVersion: string | undefined;
  /** The zone of `time`, minutes east of UTC. */
  readonly utcOffsetMinutes: number;
}

/** A snapshot as its file has it, whose groups have no names yet. */
export interface DecodedSnapshot extends Omit<Snapshot, "details"> {
  readonly details?: DecodedDetails | undefined;
}

export interface DecodedDetails extends Omit<Details, "groups"> {
  /** undefined: both lists are there and short, so that the groups can be calculated again. */
  readonly groups?: Groups | undefined;
}

/**
 * When the agent learnt of a snapshot file, by its own clock, milliseconds since the epoch. That of a tagged or rewritten snapshot with
 * an unchanged time is that of its original, if the agent knew it.
 */
export interface FirstSeen {
  /** The first listing that has the file. */
  readonly at: number;
  /** The last complete listing before: it lacks the file. */
  readonly missingAt: number;
}

/** Names become labels: refuse those that no host or user has. */
const MAX_NAME_BYTES = 1024;

/** A longer name of a program is not kept. */
const MAX_VERSION_LENGTH = 256;

/** Label of an empty user name. A user of this name is in the same set. */
const UNKNOWN_USER = "UNKNOWN";

/** The user of the backup set to which a snapshot belongs; its host is `hostname`. */
export function userOf({ username }: Snapshot): string {
  return username || UNKNOWN_USER;
}

/** @throws Error whose message completes "the file …" and is safe to print */
export function decodeSnapshot(id: string, json: Uint8Array): DecodedSnapshot {
  return snapshotOf(id, parseObject(json));
}

/** @throws Error whose message completes "the file …" and is safe to print */
export function snapshotOf(id: string, object: JsonObject): DecodedSnapshot {
  // Missing, as Go reads it.
  const time = object["time"] == null ? ZERO_TIME : parseInstant(text(object, "time"));
  if (!time) throw new Error('has no valid "time"');
  return {
    id,
    time,
    hostname: nameIn(object, "hostname"),
    username: nameIn(object, "username"),
    summary: decodeSummary(object["summary"]),
    details: details(object),
  };
}

/** The name of a host or a user; empty if it is absent. @throws Error whose message completes "the file …" and is safe to print */
export function nameIn(object: JsonObject, field: string): string {
  // Lone surrogates cannot be written as UTF-8: two such names would become one label.
  const value = text(object, field).toWellFormed();
  if (Buffer.byteLength(value) > MAX_NAME_BYTES)
    throw new Error(`has a "${field}" of more than ${MAX_NAME_BYTES} bytes`);
  return value;
}

function details(object: JsonObject): DecodedDetails {
  const version = object["program_version"];
  const isVersion = typeof version === "string" && version.length <= MAX_VERSION_LENGTH;
  return {
    original: idOf(object["original"]),
    tree: idOf(object["tree"]),
    paths: list(object, "paths"),
    tags: list(object, "tags"),
    programVersion: isVersion ? version.toWellFormed() : undefined,
    utcOffsetMinutes: utcOffsetMinutes(text(object, "time")),
  };
}

/** A list of strings; empty if it is absent or null. @throws Error for anything else */
function list(object: JsonObject, field: string): readonly string[] {
  const value = object[field] ?? [];
  if (!Array.isArray(value)) throw new Error(`has "${field}" that are not a list`);
  return value.map((entry: unknown) => {
    if (typeof entry !== "string") throw new Error(`has "${field}" that are not strings`);
    return entry.toWellFormed();
  });
}

function idOf(value: unknown): string | undefined {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value) ? value : undefined;
}

/** @param time RFC 3339 */
function utcOffsetMinutes(time: string): number {
  const [, sign, hours = "0", minutes = "0"] = /([+-])(\d\d):(\d\d)$/.exec(time.slice(-6)) ?? [];
  const offset = Number(hours) * 60 + Number(minutes);
  return sign === "-" && offset > 0 ? -offset : offset;
}

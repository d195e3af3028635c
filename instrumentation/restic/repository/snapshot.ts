import { parseInstant, secondsBetween } from "./timestamp.ts";
import type { Instant } from "./timestamp.ts";
import { isJsonObject } from "../../core/json.ts";
import { count, parseObject, text } from "./json.ts";

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
}

/** undefined: the snapshot does not say. */
export interface Summary {
  readonly durationSeconds: number | undefined;
  readonly files: number | undefined;
  readonly processedBytes: number | undefined;
  readonly addedBytes: number | undefined;
  readonly addedStoredBytes: number | undefined;
}

/** Names become labels: refuse those that no host or user has. */
const MAX_NAME_BYTES = 1024;

/** Go's zero time, in the year 1: restic writes it for an unknown time. */
const ZERO_TIME_SECONDS = -62_135_596_800;

/** @throws Error whose message completes "the file …" and is safe to print */
export function decodeSnapshot(id: string, json: Uint8Array): Snapshot {
  const object = parseObject(json);
  const time = parseInstant(text(object, "time"));
  if (!time) throw new Error('has no valid "time"');
  return {
    id,
    time,
    hostname: name(object, "hostname"),
    username: name(object, "username"),
    summary: summary(object["summary"]),
  };
}

/** Lets snapshots share equal names: thousands of snapshots have the names of a few hosts. */
export function nameSharing(): (snapshot: Snapshot) => Snapshot {
  const names = new Map<string, string>();
  const shared = (value: string): string => {
    const known = names.get(value) ?? value;
    names.set(known, known);
    return known;
  };
  return (snapshot) => ({
    ...snapshot,
    hostname: shared(snapshot.hostname),
    username: shared(snapshot.username),
  });
}

function name(object: Readonly<Record<string, unknown>>, field: string): string {
  // Lone surrogates cannot be written as UTF-8: two such names would become one label.
  const value = text(object, field).toWellFormed();
  if (Buffer.byteLength(value) > MAX_NAME_BYTES)
    throw new Error(`has a "${field}" of more than ${MAX_NAME_BYTES} bytes`);
  return value;
}

function summary(value: unknown): Summary | undefined {
  if (!isJsonObject(value)) return undefined;
  const start = instant(value["backup_start"]);
  const end = instant(value["backup_end"]);
  const hasTimes = start !== undefined && end !== undefined;
  return {
    files: count(value, "total_files_processed"),
    processedBytes: count(value, "total_bytes_processed"),
    durationSeconds: hasTimes ? secondsBetween(start, end) : undefined,
    // `restic rewrite` writes zero times into a summary that it makes up: its other counters mean nothing.
    addedBytes: hasTimes ? count(value, "data_added") : undefined,
    addedStoredBytes: hasTimes ? count(value, "data_added_packed") : undefined,
  };
}

function instant(value: unknown): Instant | undefined {
  const parsed = typeof value === "string" ? parseInstant(value) : undefined;
  return parsed && parsed.seconds !== ZERO_TIME_SECONDS ? parsed : undefined;
}

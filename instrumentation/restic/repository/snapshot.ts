import { parseInstant, secondsBetween } from "./timestamp.ts";
import type { Instant } from "./timestamp.ts";
import { count, isObject, parseObject, text } from "./json.ts";

/** What a monitor needs of a snapshot file. restic design document, section "Snapshots". */
export interface Snapshot {
  /** The name of its file. */
  readonly id: string;
  /** When the backup started, by the clock of the client. */
  readonly time: Instant;
  readonly hostname: string;
  readonly username: string;
  /** restic 0.17 and later. */
  readonly summary: Summary | undefined;
}

/** Undefined is what the snapshot does not tell. */
export interface Summary {
  readonly durationSeconds: number | undefined;
  readonly files: number | undefined;
  readonly processedBytes: number | undefined;
  readonly addedBytes: number | undefined;
  readonly addedStoredBytes: number | undefined;
}

/** Names become labels: nobody has a host name of this length but somebody who wants to do harm. */
const MAX_NAME_BYTES = 1024;

/** Go's zero time: what restic writes when it does not know, the year 1. */
const ZERO_TIME_SECONDS = -62_135_596_800;

/** @throws Error with a short reason that may be shown */
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

function name(object: Readonly<Record<string, unknown>>, field: string): string {
  // Lone surrogates cannot be written as UTF-8: two such names would become one label.
  const value = text(object, field).toWellFormed();
  if (Buffer.byteLength(value) > MAX_NAME_BYTES)
    throw new Error(`has a "${field}" of more than ${MAX_NAME_BYTES} bytes`);
  return value;
}

function summary(value: unknown): Summary | undefined {
  if (!isObject(value)) return undefined;
  const start = instant(value["backup_start"]);
  const end = instant(value["backup_end"]);
  const files = count(value, "total_files_processed");
  const processedBytes = count(value, "total_bytes_processed");
  // `rewrite` makes a summary with these two alone: its times are zero and its other counters mean nothing.
  if (!start || !end) {
    return {
      durationSeconds: undefined,
      files,
      processedBytes,
      addedBytes: undefined,
      addedStoredBytes: undefined,
    };
  }
  const addedBytes = count(value, "data_added");
  return {
    durationSeconds: secondsBetween(start, end),
    files,
    processedBytes,
    addedBytes,
    addedStoredBytes: count(value, "data_added_packed"),
  };
}

function instant(value: unknown): Instant | undefined {
  const parsed = typeof value === "string" ? parseInstant(value) : undefined;
  return parsed && parsed.seconds !== ZERO_TIME_SECONDS ? parsed : undefined;
}

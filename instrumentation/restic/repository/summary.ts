import { isJsonObject } from "../../core/json.ts";
import { count } from "./json.ts";
import { compareInstants, parseInstant, secondsBetween, ZERO_TIME } from "./timestamp.ts";
import type { Instant } from "./timestamp.ts";

/** The statistics of a backup. undefined: the snapshot does not have the number, or it is impossible. */
export interface Summary {
  /** From the start to the end of the backup: `backup_end` is `backup_start` plus this. */
  readonly durationSeconds: number | undefined;
  readonly files: number | undefined;
  readonly processedBytes: number | undefined;
  /** Before compression. */
  readonly addedBytes: number | undefined;
  readonly addedStoredBytes: number | undefined;
  /** Unix seconds, rounded down, by the client's clock; `backup --time` and `rewrite --new-time` do not change it. */
  readonly backupStart?: number | undefined;
  readonly filesNew?: number | undefined;
  readonly filesChanged?: number | undefined;
  readonly filesUnmodified?: number | undefined;
  readonly dirsNew?: number | undefined;
  readonly dirsChanged?: number | undefined;
  readonly dirsUnmodified?: number | undefined;
  readonly dataBlobs?: number | undefined;
  readonly treeBlobs?: number | undefined;
  /** Source files that could not be read. Written by rustic, not by restic. */
  readonly errorCount?: number | undefined;
}

/** No backup takes longer. */
const MAX_DURATION_SECONDS = 366 * 86_400;

/** @param value the field `summary` of a snapshot file: only restic 0.17 and later write one */
export function decodeSummary(value: unknown): Summary | undefined {
  if (!isJsonObject(value)) return undefined;
  const start = instant(value["backup_start"]);
  const end = instant(value["backup_end"]);
  const hasTimes = start !== undefined && end !== undefined;
  const isOrdered = hasTimes && compareInstants(start, end) <= 0;
  const seconds = isOrdered ? secondsBetween(start, end) : Infinity;
  const isPlausible = seconds <= MAX_DURATION_SECONDS;
  // `restic rewrite` writes zero times into a summary that it makes up: its other counters mean nothing.
  const counter = (field: string): number | undefined =>
    hasTimes ? count(value, field) : undefined;
  return {
    durationSeconds: isPlausible ? seconds : undefined,
    files: count(value, "total_files_processed"),
    processedBytes: count(value, "total_bytes_processed"),
    addedBytes: counter("data_added"),
    addedStoredBytes: counter("data_added_packed"),
    backupStart: start?.seconds,
    filesNew: counter("files_new"),
    filesChanged: counter("files_changed"),
    filesUnmodified: counter("files_unmodified"),
    dirsNew: counter("dirs_new"),
    dirsChanged: counter("dirs_changed"),
    dirsUnmodified: counter("dirs_unmodified"),
    dataBlobs: counter("data_blobs"),
    treeBlobs: counter("tree_blobs"),
    errorCount: counter("error_count"),
  };
}

function instant(value: unknown): Instant | undefined {
  const parsed = typeof value === "string" ? parseInstant(value) : undefined;
  return parsed && parsed.seconds !== ZERO_TIME.seconds ? parsed : undefined;
}

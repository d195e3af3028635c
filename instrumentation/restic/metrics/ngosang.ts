import { hash } from "node:crypto";

import type { Labels, StoreEntry } from "../../core/source.ts";
import type { MetricSpec } from "../../metrics/spec.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { Summary } from "../repository/summary.ts";
import type { RepositoryContent, RepositoryState, Snapshot } from "../state.ts";

/** A repository for the metrics of ngosang/restic-exporter 2. */
export interface NgosangRepository {
  readonly entry: StoreEntry<RepositoryState>;
  /** undefined: none was taken. */
  readonly inventory: Inventory | undefined;
}

/** Snapshots with the same host, user and paths. */
export interface NgosangBackup {
  readonly labels: Labels;
  readonly snapshots: number;
  readonly newest: Snapshot;
}

/** Values of that exporter for what it does not know. */
const UNKNOWN = -1;
const NO_CHECK = 2;

const MAX_LABEL_BYTES = 256;
/** restic counts the encryption of each blob. */
const BLOB_OVERHEAD = 32;

const LABELS =
  "url client_hostname client_username client_version snapshot_hash snapshot_tag snapshot_tags snapshot_paths".split(
    " ",
  );

export const NGOSANG_METRICS: readonly MetricSpec<NgosangRepository>[] = [
  gauge(
    "restic_check_success",
    "1 if the last inventory found nothing bad, else 0; 2: none was taken.",
    checkOf,
  ),
  gauge("restic_locks_total", "Lock files; 0 without the setting locks.", ({ entry }) => {
    return entry.state?.locks?.look?.files.size ?? 0;
  }),
  gauge(
    "restic_scrape_duration_seconds",
    "How long the last collection of the repository took.",
    ({ entry }) => entry.attempt.durationSeconds,
  ),
  gauge(
    "restic_size_total",
    "Bytes of distinct blobs in the index, as stored.",
    ({ inventory }) => inventory?.counts.indexedBytes ?? UNKNOWN,
  ),
  gauge(
    "restic_uncompressed_size_total",
    "Bytes of distinct blobs before compression, with 32 bytes of encryption each.",
    (repository) => uncompressedOf(repository) ?? UNKNOWN,
  ),
  gauge(
    "restic_compression_ratio",
    "Bytes before compression for each stored byte.",
    (repository) => {
      const { inventory } = repository;
      const [before, after] = [uncompressedOf(repository), inventory?.counts.indexedBytes];
      return before === undefined || after === undefined || after === 0 ? UNKNOWN : before / after;
    },
  ),
  gauge(
    "restic_blob_count_total",
    "Distinct blobs in the index.",
    ({ inventory }) => blobsOf(inventory) ?? UNKNOWN,
  ),
  gauge(
    "restic_snapshots_total",
    "Snapshots in the repository.",
    ({ entry }) => entry.state?.content?.snapshots ?? UNKNOWN,
  ),
];

export const NGOSANG_BACKUP_METRICS: readonly MetricSpec<NgosangBackup>[] = [
  backup(
    "restic_backup_timestamp",
    "Time of the newest snapshot.",
    ({ newest }) => newest.time.seconds,
  ),
  backup("restic_backup_snapshots_total", "Snapshots of the backup.", ({ snapshots }) => snapshots),
  ofNewest("restic_backup_files_total", "Files in the newest snapshot.", ({ files }) => files),
  ofNewest(
    "restic_backup_size_total",
    "Bytes in the newest snapshot.",
    (summary) => summary.processedBytes,
  ),
  ofNewest(
    "restic_backup_files_new",
    "New files in the newest snapshot.",
    ({ filesNew }) => filesNew,
  ),
  ofNewest(
    "restic_backup_files_changed",
    "Changed files in the newest snapshot.",
    (summary) => summary.filesChanged,
  ),
  ofNewest(
    "restic_backup_files_unmodified",
    "Unmodified files in the newest snapshot.",
    (summary) => summary.filesUnmodified,
  ),
  ofNewest(
    "restic_backup_dirs_new",
    "New folders in the newest snapshot.",
    ({ dirsNew }) => dirsNew,
  ),
  ofNewest(
    "restic_backup_dirs_changed",
    "Changed folders in the newest snapshot.",
    ({ dirsChanged }) => dirsChanged,
  ),
  ofNewest(
    "restic_backup_dirs_unmodified",
    "Unmodified folders in the newest snapshot.",
    (summary) => summary.dirsUnmodified,
  ),
  ofNewest(
    "restic_backup_data_added_bytes",
    "Bytes that the newest snapshot added.",
    ({ addedBytes }) => addedBytes,
  ),
  ofNewest(
    "restic_backup_duration_seconds",
    "How long the newest snapshot took.",
    (summary) => summary.durationSeconds,
  ),
];

const known = new WeakMap<RepositoryContent, readonly NgosangBackup[]>();

/** The backups of a repository. The same list for the same content. */
export function ngosangBackups({
  subject,
  state,
}: StoreEntry<RepositoryState>): readonly NgosangBackup[] {
  const content = state?.content;
  if (!content) return [];
  const backups = known.get(content) ?? backupsOf(subject, content);
  known.set(content, backups);
  return backups;
}

function backupsOf(subject: Labels, { sets }: RepositoryContent): readonly NgosangBackup[] {
  const members = sets.flatMap((set) => set.members);
  const backups = Map.groupBy(members, keyOf);
  return [...backups].map(([key, own]) => {
    const last = own.reduce((a, b) => (b.time.seconds > a.time.seconds ? b : a));
    const { hostname, username, details } = last;
    const [first = ""] = details?.tags ?? [];
    const labels = {
      ...subject,
      client_hostname: cut(hostname),
      client_username: cut(username),
      client_version: cut(details?.programVersion ?? ""),
      snapshot_hash: hash("sha256", key),
      snapshot_tag: cut(first),
      snapshot_tags: cut((details?.tags ?? []).join(",")),
      snapshot_paths: cut((details?.paths ?? []).join(",")),
    };
    return { labels, snapshots: own.length, newest: last };
  });
}

/** The text of which that exporter takes the hash. */
function keyOf({ hostname, username, details }: Snapshot): string {
  return hostname + username + (details?.paths?.join(",") ?? details?.groups.paths ?? "");
}

function cut(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_LABEL_BYTES) return text;
  // A cut character becomes U+FFFD.
  return bytes.toString("utf8", 0, MAX_LABEL_BYTES).replace(/\uFFFD+$/, "");
}

function checkOf({ inventory }: NgosangRepository): number {
  if (!inventory) return NO_CHECK;
  const { missingPacks, damagedPacks, lostPacks, unreadableIndexFiles, unrestorableSnapshots } =
    inventory.counts;
  const bad = [missingPacks, damagedPacks, lostPacks, unreadableIndexFiles, unrestorableSnapshots];
  return bad.some((count = 0) => count > 0) ? 0 : 1;
}

function blobsOf(inventory: Inventory | undefined): number | undefined {
  const { dataBlobs, treeBlobs } = inventory?.counts ?? {};
  return dataBlobs === undefined || treeBlobs === undefined ? undefined : dataBlobs + treeBlobs;
}

/** undefined for version 1, whose blobs are never compressed: restic stats prints no number either. */
function uncompressedOf({ entry, inventory }: NgosangRepository): number | undefined {
  if (entry.state?.content?.config.version === 1) return undefined;
  const [bytes, blobs] = [inventory?.counts.uncompressedBytes, blobsOf(inventory)];
  return bytes === undefined || blobs === undefined ? undefined : bytes + BLOB_OVERHEAD * blobs;
}

function gauge(
  name: string,
  description: string,
  valueOf: (repository: NgosangRepository) => number,
): MetricSpec<NgosangRepository> {
  const points: MetricSpec<NgosangRepository>["points"] = (repository) => [
    [valueOf(repository), repository.entry.subject],
  ];
  return { name, kind: "gauge", description, labels: ["url"], points };
}

function backup(
  name: string,
  description: string,
  valueOf: (one: NgosangBackup) => number,
): MetricSpec<NgosangBackup> {
  return {
    name,
    kind: "gauge",
    description,
    labels: LABELS,
    points: (one) => [[valueOf(one), one.labels]],
  };
}

/** A number of the summary of the newest snapshot. */
function ofNewest(
  name: string,
  description: string,
  valueOf: (summary: Summary) => number | undefined,
): MetricSpec<NgosangBackup> {
  return backup(name, description, (one) => {
    const { summary } = one.newest;
    return (summary && valueOf(summary)) ?? UNKNOWN;
  });
}

import type { Labels } from "../../core/source.ts";
import type { MetricSpec } from "../../metrics/spec.ts";
import type { Inventory, InventoryCounts } from "../inventory/inventory.ts";

interface InventoryEntry {
  readonly subject: Labels;
  /** undefined: none succeeded yet. */
  readonly inventory: Inventory | undefined;
}

const URL = ["url"] as const;

export const INVENTORY_METRICS: readonly MetricSpec<InventoryEntry>[] = [
  countMetric("packs", "packs", "Packs in the repository, as listed."),
  countMetric("stored_bytes", "storedBytes", "Bytes of the packs in the repository, as listed."),
  countMetric(
    "indexed_bytes",
    "indexedBytes",
    "Bytes of distinct blobs in the index, as stored; of all blobs if there are more than exactBlobs.",
  ),
  countMetric(
    "duplicate_bytes",
    "duplicateBytes",
    "Bytes of blobs that the index has more than once, as stored; absent above exactBlobs.",
  ),
  countMetric(
    "uncompressed_bytes",
    "uncompressedBytes",
    "Bytes of distinct blobs before compression and encryption; absent above exactBlobs.",
  ),
  {
    name: "backup.repository.blobs",
    kind: "gauge",
    description:
      "Distinct blobs in the index, by type: data or tree; all blobs if there are more than exactBlobs.",
    labels: [...URL, "type"],
    points: ({ inventory, subject }) => {
      const { dataBlobs, treeBlobs } = inventory?.counts ?? {};
      return [
        ...(dataBlobs === undefined ? [] : [[dataBlobs, { ...subject, type: "data" }] as const]),
        ...(treeBlobs === undefined ? [] : [[treeBlobs, { ...subject, type: "tree" }] as const]),
      ];
    },
  },
  countMetric(
    "missing_packs",
    "missingPacks",
    "Packs that are in the index and not in the repository, as two looks show.",
  ),
  countMetric("missing_bytes", "missingBytes", "Bytes of the missing packs, by the index."),
  countMetric(
    "damaged_packs",
    "damagedPacks",
    "Packs whose size differs from the index, as two looks show.",
  ),
  countMetric(
    "orphan_packs",
    "orphanPacks",
    "Packs that are in no index file, seen twice, an hour apart, without a lock.",
  ),
  countMetric("orphan_bytes", "orphanBytes", "Bytes of the orphan packs."),
  countMetric(
    "lost_packs",
    "lostPacks",
    "Packs that were in the index and no longer are, seen twice, an hour apart, without a lock.",
  ),
  countMetric("index_files", "indexFiles", "Index files in the repository."),
  countMetric(
    "index_files_unread",
    "unreadIndexFiles",
    "Index files that no inventory has read yet, as maxIndexBytes limits each.",
  ),
  countMetric(
    "unreadable_index_files",
    "unreadableIndexFiles",
    "Index files that could not be read, verified or parsed.",
  ),
  countMetric(
    "unrestorable_snapshots",
    "unrestorableSnapshots",
    "Snapshots whose root tree is in no index file.",
  ),
  countMetric(
    "prunable_bytes",
    "prunableBytes",
    "Estimate of the bytes that restic prune would free: indexed bytes without those that living snapshots added. Absent if a snapshot does not tell, or was copied.",
  ),
  countMetric(
    "logical_bytes",
    "logicalBytes",
    "Bytes in all snapshots, as restored. Absent if a snapshot does not tell.",
  ),
  {
    name: "backup.repository.inventory_timestamp_seconds",
    kind: "gauge",
    unit: "s",
    description: "When the last inventory of this repository ended, Unix seconds.",
    labels: URL,
    points: ({ inventory, subject }) => (inventory ? [[inventory.at / 1000, subject]] : []),
  },
  {
    name: "backup.repository.inventory_duration_seconds",
    kind: "gauge",
    unit: "s",
    description: "How long the last inventory of this repository took.",
    labels: URL,
    points: ({ inventory, subject }) => (inventory ? [[inventory.durationSeconds, subject]] : []),
  },
];

/** A gauge of one count; no series while it is not known. */
function countMetric(
  name: string,
  count: keyof InventoryCounts,
  description: string,
): MetricSpec<InventoryEntry> {
  return {
    name: `backup.repository.${name}`,
    kind: "gauge",
    ...(name.endsWith("_bytes") && { unit: "By" as const }),
    description,
    labels: URL,
    points: ({ inventory, subject }) => {
      const value = inventory?.counts[count];
      return value === undefined ? [] : [[value, subject]];
    },
  };
}

import type { Summary } from "../repository/summary.ts";
import type { Fields } from "./fields.ts";

/** The numbers of a summary, in the order of a record. */
export function encodeSummary(summary: Summary): readonly (number | undefined)[] {
  return [
    summary.durationSeconds,
    summary.files,
    summary.processedBytes,
    summary.addedBytes,
    summary.addedStoredBytes,
    summary.filesNew,
    summary.filesChanged,
    summary.filesUnmodified,
    summary.dirsNew,
    summary.dirsChanged,
    summary.dirsUnmodified,
    summary.dataBlobs,
    summary.treeBlobs,
    summary.errorCount,
    summary.backupStart,
  ];
}

export function decodeSummary(fields: Fields): Summary {
  const number = (index: number): number | undefined => fields.optionalNumber(index);
  return {
    durationSeconds: number(0),
    files: number(1),
    processedBytes: number(2),
    addedBytes: number(3),
    addedStoredBytes: number(4),
    filesNew: number(5),
    filesChanged: number(6),
    filesUnmodified: number(7),
    dirsNew: number(8),
    dirsChanged: number(9),
    dirsUnmodified: number(10),
    dataBlobs: number(11),
    treeBlobs: number(12),
    errorCount: number(13),
    backupStart: number(14),
  };
}

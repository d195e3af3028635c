import { createHash } from "node:crypto";

import { BackupSets } from "../../../instrumentation/restic/backup-sets.ts";
import { SnapshotTable } from "../../../instrumentation/restic/repository/snapshot-table.ts";
import type { Snapshot } from "../../../instrumentation/restic/repository/snapshot.ts";
import type { BackupSet } from "../../../instrumentation/restic/state.ts";

/** What snapshots are grouped into when all of them are new. */
export function backupSets(url: string, snapshots: Iterable<Snapshot>): readonly BackupSet[] {
  const table = new SnapshotTable();
  for (const snapshot of snapshots) table.add(snapshot);
  return new BackupSets(url).update(table);
}

/** An id that is the same for the same text. */
export function idOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

import { sharing } from "../../../instrumentation/restic/repository/sharing.ts";
import { decodeSnapshot } from "../../../instrumentation/restic/repository/snapshot.ts";
import type { Snapshot } from "../../../instrumentation/restic/repository/snapshot.ts";

/** The snapshot in a file with this JSON, as a repository knows it. */
export function snapshotOf(id: string, json: string): Snapshot {
  return sharing()(decodeSnapshot(id, Buffer.from(json)));
}

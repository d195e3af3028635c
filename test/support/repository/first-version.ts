import { seal } from "../../../instrumentation/restic/state-dir/line.ts";
import type { Snapshot } from "../../../instrumentation/restic/repository/snapshot.ts";
import type { SealedRepository } from "./sealed-repository.ts";

/** The state file of a repository as restic-otel 0.1 wrote it. */
export function firstVersionOf(
  repository: SealedRepository,
  snapshots: readonly Pick<Snapshot, "id" | "time" | "hostname" | "username" | "summary">[],
): string {
  const records = snapshots.map(({ id, time, hostname, username, summary }) => [
    id,
    time.seconds,
    time.nanoseconds,
    hostname,
    username,
    summary && [summary.durationSeconds, summary.files, null, null, null],
  ]);
  const lines = [["restic-otel state", 1, repository.id], ...records];
  const key = repository.masterKey().derive(`restic-otel state of ${repository.id}`);
  return lines.map((line) => seal(JSON.stringify(line), key)).join("");
}

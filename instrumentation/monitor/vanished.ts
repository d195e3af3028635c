import type { StoreEntry } from "../core/source.ts";
import { isRetired } from "../expectations/hit.ts";
import { boundTable, never } from "../metrics/bound-table.ts";
import type { BoundTable } from "../metrics/bound-table.ts";
import type { NameOf } from "../restic/backup-sets.ts";
import { VANISHED_METRICS } from "../restic/metrics/tables.ts";
import type { VanishedEntry } from "../restic/metrics/tables.ts";
import type { RepositoryContent, RepositoryState } from "../restic/state.ts";
import type { ExpectationSettings } from "../settings/expectations/expectations.ts";

/** What decides which backup sets are missed. */
interface Rules {
  readonly nameOf: NameOf;
  readonly retired: ExpectationSettings["retired"];
}

/** @param rules returns the same objects as long as the settings are the same */
export function vanishedTable(
  entries: () => Iterable<StoreEntry<RepositoryState>>,
  rules: () => Rules,
): BoundTable {
  let known = new WeakMap<RepositoryContent, VanishedEntry>();
  let last: Rules | undefined;
  function* current(): Generator<VanishedEntry> {
    const now = rules();
    if (now.nameOf !== last?.nameOf || now.retired !== last.retired) known = new WeakMap();
    last = now;
    for (const { subject, state } of entries()) {
      if (!state?.content?.changes) continue;
      const { content } = state;
      const entry = known.get(content) ?? {
        labels: subject,
        count: countOf(content, subject, now),
      };
      known.set(content, entry);
      yield entry;
    }
  }
  return boundTable(VANISHED_METRICS, current, never);
}

/** Sets by the names that are shown, without retired ones and those that have snapshots. */
function countOf(
  { changes, sets }: RepositoryContent,
  { url = "" }: VanishedEntry["labels"],
  { nameOf, retired }: Rules,
): number {
  const keyOf = (host: string, user: string): string => JSON.stringify([host, user]);
  const vanished = new Set<string>();
  for (const { host, user, newest } of changes?.vanished ?? []) {
    const labels = { url, host: nameOf(host), user };
    const set = { labels, newest: { time: { seconds: newest, nanoseconds: 0 } } };
    if (!isRetired(set, retired)) vanished.add(keyOf(labels.host, user));
  }
  if (vanished.size > 0)
    for (const { labels } of sets)
      vanished.delete(keyOf(labels["host"] ?? "", labels["user"] ?? ""));
  return vanished.size;
}

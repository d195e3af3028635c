import type { RepositoryState } from "restic-otel-instrumentation/internal";

import { isoTime, timeOrNull } from "../time.ts";

type History = NonNullable<NonNullable<RepositoryState["content"]>["changes"]>;

/** What changed in a repository since its first complete collection. null: it never happened. */
export interface ChangesStatus {
  readonly added: number;
  readonly removed: number;
  /** Replaced by a snapshot with the same content. */
  readonly retagged: number;
  /** Replaced by a snapshot with other content. */
  readonly rewritten: number;
  /** `ratio`: share of the snapshots before, 0 to 1. */
  readonly lastRemoval: {
    readonly time: string;
    readonly snapshots: number;
    readonly ratio: number;
  } | null;
  readonly lastNewestRemoval: string | null;
  readonly lastRewrite: string | null;
  readonly appendOnlyViolated: string | null;
  /** null: not listed yet. */
  readonly keys: number | null;
  readonly lastKeyAdded: string | null;
  readonly lastKeyRemoved: string | null;
  /** The last 50, newest first. */
  readonly events: readonly ChangeStatus[];
}

/** One change. null: the event does not have it. */
export interface ChangeStatus {
  /** When the agent saw it. */
  readonly seen: string;
  readonly event: History["events"][number]["event"];
  /** The snapshot or key. */
  readonly id: string | null;
  readonly host: string | null;
  readonly user: string | null;
  /** Time of the snapshot. */
  readonly time: string | null;
  /** With commas, cut at 256 bytes. */
  readonly paths: string | null;
  readonly original: string | null;
  /** The snapshot that replaces it. */
  readonly successor: string | null;
  /** How many the event is about. */
  readonly snapshots: number | null;
}

/** null: no collection was complete yet. */
export function changesStatus(history: History | undefined): ChangesStatus | null {
  if (!history) return null;
  const { totals, last, keys, events, appendOnly } = history;
  const { removal } = last;
  return {
    ...totals,
    lastRemoval: removal
      ? { time: isoTime(removal.at), snapshots: removal.snapshots, ratio: removal.ratio }
      : null,
    lastNewestRemoval: timeOrNull(last.newestRemovalAt),
    lastRewrite: timeOrNull(last.rewriteAt),
    appendOnlyViolated: appendOnly ? timeOrNull(last.violatedAt) : null,
    keys: keys?.count ?? null,
    lastKeyAdded: timeOrNull(keys?.addedAt),
    lastKeyRemoved: timeOrNull(keys?.removedAt),
    events: events.map(changeStatus),
  };
}

function changeStatus(event: History["events"][number]): ChangeStatus {
  return {
    seen: isoTime(event.at),
    event: event.event,
    id: event.id ?? null,
    host: event.host ?? null,
    user: event.user ?? null,
    time: event.time === undefined ? null : isoTime(event.time * 1000),
    paths: event.paths ?? null,
    original: event.original ?? null,
    successor: event.successor ?? null,
    snapshots: event.snapshots ?? null,
  };
}

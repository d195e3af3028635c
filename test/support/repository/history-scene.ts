import { nextHistory } from "../../../instrumentation/restic/changes/next-history.ts";
import type { Outcome } from "../../../instrumentation/restic/changes/next-history.ts";
import type {
  ChangeHistory,
  ListingChange,
} from "../../../instrumentation/restic/repository/snapshots/change-history.ts";
import { sharing } from "../../../instrumentation/restic/repository/sharing.ts";
import { decodeSnapshot } from "../../../instrumentation/restic/repository/snapshot.ts";
import type { Snapshot } from "../../../instrumentation/restic/repository/snapshot.ts";
import { idOf } from "./snapshot-id.ts";

const START = Date.parse("2026-01-01T00:00:00Z");
const HOUR = 3_600_000;

/** The fields of a snapshot file that matter here. */
export interface Made {
  /** Hours after the start. */
  readonly hour?: number;
  readonly host?: string;
  readonly user?: string;
  readonly paths?: readonly string[];
  readonly tree?: string;
  readonly original?: string;
  /** null: there is no summary. */
  readonly files?: number | null;
  readonly bytes?: number;
  readonly tags?: readonly string[];
}

/** The history of a repository in memory, an hour between two collections. */
export class HistoryScene {
  history: ChangeHistory | undefined;
  /** The outcome of the last collection. */
  outcome: Outcome | undefined;
  now = START;
  appendOnly = false;
  keys: ReadonlySet<string> | undefined;
  readonly listed = new Map<string, Snapshot>();
  #seen: ReadonlyMap<string, Snapshot> | undefined;
  #count = 0;
  readonly #share = sharing();

  add(made: Made = {}): Snapshot {
    const { hour = this.#count, host = "web", user = "root", paths = ["/a"], files = 10 } = made;
    const { bytes = 1000, original, tags = [] } = made;
    this.#count += 1;
    const json = {
      time: new Date(START + hour * HOUR).toISOString(),
      hostname: host,
      username: user,
      paths,
      tags,
      tree: idOf(made.tree ?? `tree ${this.#count}`),
      original,
      ...(files !== null && {
        summary: { total_files_processed: files, total_bytes_processed: bytes },
      }),
    };
    const id = idOf(JSON.stringify([json, this.#count]));
    const snapshot = this.#share(decodeSnapshot(id, Buffer.from(JSON.stringify(json))));
    this.listed.set(id, snapshot);
    return snapshot;
  }

  remove(...snapshots: readonly Snapshot[]): void {
    for (const { id } of snapshots) this.listed.delete(id);
  }

  /** A complete collection an hour later. @returns the names of the events, each with the first letters of its id */
  collect(): readonly string[] {
    this.now += HOUR;
    const seen = this.#seen;
    const change: ListingChange = {
      repositoryId: idOf("repository"),
      at: this.now,
      isFirst: seen === undefined,
      added: [...this.listed.values()].filter(({ id }) => !seen?.has(id)),
      removed: [...(seen ?? new Map<string, Snapshot>()).values()].filter(
        ({ id }) => !this.listed.has(id),
      ),
      listed: this.listed,
      keys: this.keys,
    };
    this.outcome = nextHistory(this.history, change, this.appendOnly);
    this.history = this.outcome.history;
    this.#seen = new Map(this.listed);
    return this.outcome.events.map(({ event }) => event);
  }

  /** Added, removed, retagged, rewritten. */
  get totals(): readonly number[] {
    const { added = 0, removed = 0, retagged = 0, rewritten = 0 } = this.history?.totals ?? {};
    return [added, removed, retagged, rewritten];
  }

  get last(): ChangeHistory["last"] | undefined {
    return this.history?.last;
  }
}

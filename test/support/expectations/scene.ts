import { Store } from "../../../instrumentation/collect/store.ts";
import { AgentError } from "../../../instrumentation/core/error.ts";
import { AllowedTimes } from "../../../instrumentation/expectations/allowed-times.ts";
import { ExpectationBook } from "../../../instrumentation/expectations/book.ts";
import { expectationTables } from "../../../instrumentation/expectations/tables.ts";
import type { BoundTable } from "../../../instrumentation/metrics/bound-table.ts";
import { DEFAULT_DATING } from "../../../instrumentation/restic/backdated.ts";
import { backupSets } from "../../../instrumentation/restic/backup-sets.ts";
import { groupsOf } from "../../../instrumentation/restic/repository/groups.ts";
import type {
  BackupSet,
  RepositoryState,
  Snapshot,
} from "../../../instrumentation/restic/state.ts";
import { parseExpectations } from "../../../instrumentation/settings/expectations/parse.ts";
import type { ExpectationSections } from "../../../instrumentation/settings/expectations/parse.ts";
import { FakeClock } from "../core/clock.ts";
import { idOf } from "../repository/snapshot-id.ts";

/** A snapshot, as far as expectations are about it. */
export interface Shot {
  readonly host: string;
  /** Default: root. */
  readonly user?: string;
  /** Unix seconds. */
  readonly at: number;
  /** The zone of that time, minutes east of UTC. Default: 0. */
  readonly offset?: number;
  /** The start of the backup in the summary, Unix seconds. Default: unknown. */
  readonly start?: number;
  /** Default: no summary. */
  readonly files?: number;
  readonly bytes?: number;
  readonly tags?: readonly string[];
  readonly paths?: readonly string[];
  /** Tags and paths are not read yet. */
  readonly isBare?: boolean;
  /** When it was first seen, milliseconds since the epoch. Default: at the first look. */
  readonly seenAt?: number;
}

const NOTHING_SPENT = { requests: 0, receivedBytes: 0 };
const COST = { list: NOTHING_SPENT, load: NOTHING_SPENT, keyDerivations: 0 };

/** The output of a scene: `name{label="value"}` and the value. Zero stands for "never seen". */
export type Shown = Readonly<Record<string, number>>;

/** Expectations over a store that a test fills. */
export class ExpectationScene {
  readonly clock: FakeClock;
  readonly #times = new AllowedTimes();
  store = new Store<RepositoryState>();
  /** By URL: snapshots that the last inventory found unrestorable. */
  readonly unrestorable = new Map<string, readonly Shot[]>();
  book = this.#newBook();
  tables: readonly BoundTable[];

  constructor(startMs: number) {
    this.clock = new FakeClock(startMs);
    const now = (): number => this.clock.now();
    this.tables = expectationTables(() => {
      this.book.update(this.store.entries(), now());
      return this.book;
    }, now);
  }

  /** @param urls the enabled repositories; `disabled` are configured as well */
  configure(
    sections: ExpectationSections,
    urls: readonly string[],
    { disabled = [], maxSlots = 20_000 }: { disabled?: readonly string[]; maxSlots?: number } = {},
  ): void {
    const list = [
      ...urls.map((url) => ({ url, disabled: false })),
      ...disabled.map((url) => ({ url, disabled: true })),
    ];
    const { value, problems } = parseExpectations(sections, { list, areComplete: true });
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
    this.#times.configure(value.expectations);
    this.book.configure(value, urls, maxSlots);
    this.store.retain(urls.map((url) => ({ url })));
  }

  /** A complete collection. @param refused files that the server did not hand out */
  read(url: string, shots: readonly Shot[], refused = 0): void {
    const before = this.store.get({ url })?.state?.content?.sets;
    const dating = { ...DEFAULT_DATING, allowsTime: this.#times.of(url) };
    const sets = backupSets(url, shots.map(snapshotOf), before, { dating });
    this.readState(url, stateOf(sets, refused));
  }

  readState(url: string, state: RepositoryState): void {
    this.store.put({ url }, state, this.#attempt(true));
  }

  fail(url: string): void {
    this.store.put({ url }, undefined, this.#attempt(false));
  }

  restart(): void {
    this.store = new Store();
    this.book = this.#newBook();
  }

  #newBook(): ExpectationBook {
    return new ExpectationBook((url) => (this.unrestorable.get(url) ?? []).map(snapshotIdOf));
  }

  #attempt(complete: boolean): Parameters<Store<RepositoryState>["put"]>[2] {
    const error = complete ? undefined : new AgentError("unreachable", "gone");
    return { startedAt: this.clock.now(), durationSeconds: 0, complete, error };
  }

  /** The values of all metrics whose Prometheus name contains `name`. */
  shown(name = ""): Shown {
    const points: [string, number][] = [];
    for (const table of this.tables)
      table.entries().observe(this.clock.now(), (metric, [value, labels]) => {
        const prometheusName = metric.name.replaceAll(".", "_").replace("backup_", "");
        const text = Object.entries(labels).map(([label, of]) => `${label}=${of}`);
        if (prometheusName.includes(name))
          points.push([`${prometheusName} ${text.join(" ")}`, value]);
      });
    return Object.fromEntries(points.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** The reasons of all slots: `host user reason`. */
  unmet(): readonly string[] {
    return Object.keys(this.shown("expectation_unmet")).map((key) =>
      key.replace("expectation_unmet ", "").replaceAll(/\b(?:host|user|reason|expectation)=/g, ""),
    );
  }
}

/** The state after a complete collection. @param refused files that the server did not hand out */
export function stateOf(sets: readonly BackupSet[], refused = 0): RepositoryState {
  const snapshots = sets.reduce((sum, set) => sum + set.snapshots, refused);
  const config = { id: "0".repeat(64), version: 2 } as const;
  const content = { config, sets, snapshots, unreadable: refused, refused };
  return { content, cost: COST, lastRequests: 1 };
}

let count = 0;
const IDS = new WeakMap<Shot, string>();

/** The same shot gives a snapshot of the same id. */
function snapshotIdOf(shot: Shot): string {
  const id = IDS.get(shot) ?? idOf(String(count++));
  IDS.set(shot, id);
  return id;
}

export function snapshotOf(shot: Shot): Snapshot {
  const { host, user = "root", at, start, files, bytes, tags = [], paths = ["/"] } = shot;
  const { isBare, seenAt } = shot;
  const id = snapshotIdOf(shot);
  const hasSummary = files !== undefined || bytes !== undefined || start !== undefined;
  return {
    id,
    time: { seconds: at, nanoseconds: 0 },
    hostname: host,
    username: user,
    firstSeen: seenAt === undefined ? undefined : { at: seenAt, missingAt: seenAt - 1 },
    summary: hasSummary
      ? {
          durationSeconds: undefined,
          files,
          processedBytes: bytes,
          addedBytes: undefined,
          addedStoredBytes: undefined,
          ...(start !== undefined && { backupStart: start }),
        }
      : undefined,
    details: isBare
      ? undefined
      : {
          original: undefined,
          tree: undefined,
          paths,
          tags,
          groups: groupsOf(paths, tags),
          programVersion: undefined,
          utcOffsetMinutes: shot.offset ?? 0,
        },
  };
}

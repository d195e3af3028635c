import { Store } from "../../../instrumentation/collect/store.ts";
import { AgentError } from "../../../instrumentation/core/error.ts";
import { boundTable } from "../../../instrumentation/metrics/bound-table.ts";
import type { BoundTable } from "../../../instrumentation/metrics/bound-table.ts";
import type { MetricSpec } from "../../../instrumentation/metrics/spec.ts";
import { backupSets } from "../../../instrumentation/restic/backup-sets.ts";
import {
  backupSetMetrics,
  REPOSITORY_METRICS,
} from "../../../instrumentation/restic/metrics/tables.ts";
import type { Snapshot } from "../../../instrumentation/restic/repository/snapshot.ts";
import { nextAgeChange } from "../../../instrumentation/restic/state.ts";
import type { BackupSet, RepositoryState } from "../../../instrumentation/restic/state.ts";
import { PrometheusEndpoint } from "../../../src/telemetry/prometheus/endpoint.ts";
import { FakeClock } from "../core/clock.ts";
import { Dice } from "../core/dice.ts";
import { PRODUCER, tableText } from "./table-text.ts";

const START = 1_717_200_000_000;
const CONFIG = { id: "0".repeat(64), version: 2 } as const;
const NO_SUMMARY = {
  durationSeconds: undefined,
  files: undefined,
  processedBytes: undefined,
  addedBytes: undefined,
  addedStoredBytes: undefined,
};

/** A store of repositories that changes by chance, and an endpoint that renders it again and again. */
export class StoreScene {
  readonly store = new Store<RepositoryState>();
  readonly clock = new FakeClock(START);
  /** The number of entries that the last text was rendered from. */
  rendered = 0;
  readonly #dice: Dice;
  readonly #tables: readonly BoundTable[];
  readonly #endpoint: PrometheusEndpoint;
  readonly #repositories = new Map<string, { snapshots: Snapshot[]; sets: readonly BackupSet[] }>();

  constructor(seed: number, legacyLabel = false) {
    this.#dice = new Dice(seed);
    this.#tables = [
      boundTable(
        this.#counted(backupSetMetrics(legacyLabel)),
        () => this.#sets(),
        ({ newest }, now) => nextAgeChange(newest, now),
      ),
      boundTable(
        this.#counted(REPOSITORY_METRICS),
        () => this.store.entries(),
        () => Infinity,
      ),
    ];
    this.#endpoint = new PrometheusEndpoint({
      tables: this.#tables,
      producer: PRODUCER,
      targetInfo: false,
      clock: this.clock,
    });
  }

  /** A collection of a repository that found some more snapshots, of some of its hosts. */
  add(url: string, snapshots: number, hosts: number): void {
    const repository = this.#repository(url);
    for (let count = 0; count < snapshots; count++) {
      repository.snapshots.push({
        id: this.#dice.hex(64),
        time: { seconds: START / 1000 + 86_400 - this.#dice.roll(100 * 86_400), nanoseconds: 0 },
        hostname: `host-${this.#dice.roll(hosts)}`,
        username: "u",
        summary: this.#dice.roll(2) === 0 ? undefined : { ...NO_SUMMARY, files: count },
      });
    }
    this.collect(url);
  }

  /** Some snapshots were forgotten. */
  forget(url: string): void {
    const repository = this.#repository(url);
    repository.snapshots = repository.snapshots.filter(() => this.#dice.roll(10) > 0);
    this.collect(url);
  }

  collect(url: string): void {
    const repository = this.#repository(url);
    const { snapshots } = repository;
    repository.sets = backupSets(url, snapshots, repository.sets);
    const cost = { requests: this.#dice.roll(9), receivedBytes: 0 };
    const state: RepositoryState = {
      content: {
        config: CONFIG,
        sets: repository.sets,
        snapshots: snapshots.length,
        unreadable: 0,
        refused: 0,
      },
      cost: { list: cost, load: cost, keyDerivations: 1 },
      lastRequests: 1,
    };
    this.store.put({ url }, state, {
      startedAt: this.clock.now(),
      durationSeconds: 1,
      complete: true,
    });
  }

  fail(url: string): void {
    const error = new AgentError("unreachable", "gone");
    const attempt = { startedAt: this.clock.now(), durationSeconds: 1, complete: false, error };
    this.store.put({ url }, undefined, attempt);
  }

  remove(url: string): void {
    this.#repositories.delete(url);
    this.store.retain([...this.#repositories.keys()].map((kept) => ({ url: kept })));
  }

  /** The text of a new endpoint, which has not rendered before. */
  fresh(): Promise<string> {
    return tableText(this.#tables, this.clock.now());
  }

  async text(): Promise<string> {
    this.rendered = 0;
    return Buffer.concat((await this.#endpoint.render()).plain).toString();
  }

  *#sets(): Generator<BackupSet> {
    for (const { state } of this.store.entries()) yield* state?.content?.sets ?? [];
  }

  /** Counts entries at the first metric of a table. */
  #counted<Entry>(specs: readonly MetricSpec<Entry>[]): readonly MetricSpec<Entry>[] {
    return specs.map((spec, index) => ({
      ...spec,
      points: (entry, now) => {
        if (index === 0) this.rendered += 1;
        return spec.points(entry, now);
      },
    }));
  }

  #repository(url: string): { snapshots: Snapshot[]; sets: readonly BackupSet[] } {
    const repository = this.#repositories.get(url) ?? { snapshots: [], sets: [] };
    this.#repositories.set(url, repository);
    return repository;
  }
}

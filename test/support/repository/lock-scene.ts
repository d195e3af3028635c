import { once } from "node:events";

import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { Secret } from "../../../instrumentation/core/secret.ts";
import type { Reading } from "../../../instrumentation/core/source.ts";
import { counted } from "../../../instrumentation/backends/decorators/counted.ts";
import { LOCK_METRICS } from "../../../instrumentation/restic/metrics/tables.ts";
import { ResticSource } from "../../../instrumentation/restic/source.ts";
import { StateDir } from "../../../instrumentation/restic/state-dir/state-dir.ts";
import type { RepositoryState } from "../../../instrumentation/restic/state.ts";
import { recordedBackend } from "../backends/recorded-backend.ts";
import { FakeClock } from "../core/clock.ts";
import { ArrayLogger } from "../core/logger.ts";
import { SealedRepository } from "./sealed-repository.ts";

export const MINUTE = 60_000;

interface LockContent {
  readonly exclusive?: boolean;
  readonly hostname?: unknown;
  readonly username?: string;
  readonly pid?: number;
  /** Milliseconds since the epoch. */
  readonly time?: number;
}

/** A repository in memory with locks, and the source that looks at them every 15 minutes. */
export class LockScene {
  sealed = new SealedRepository("right");
  readonly clock = new FakeClock();
  readonly logger = new ArrayLogger();
  /** Calls for locks of the last collection. */
  calls: string[] = [];
  /** Called before each backend call, to delete files or to fail. */
  before: (call: string) => void = () => {};
  /** The storage does not answer a LIST of locks. */
  hangs = false;
  state: RepositoryState | undefined;
  #source: ResticSource;
  #stateDir: StateDir | undefined;
  readonly #folder: string | undefined;

  /** @param folder of the state; default: nothing is kept over a restart */
  constructor(everyMs: number | undefined = 15 * MINUTE, folder?: string) {
    this.sealed.addSnapshot({ time: "2024-05-01T12:00:00Z", hostname: "h", username: "u" });
    this.#folder = folder;
    this.#source = this.#open(everyMs);
  }

  /** The agent ends, and another one starts. */
  async restart(): Promise<void> {
    await this.stop();
    this.state = undefined;
    this.#source = this.#open(15 * MINUTE);
  }

  async stop(): Promise<void> {
    await this.#stateDir?.close();
    this.#stateDir = undefined;
  }

  /** The settings have changed. */
  reopen(everyMs: number | undefined): void {
    this.#source = this.#open(everyMs);
  }

  /** @returns the name of the file */
  lock({ time = this.clock.now(), ...rest }: LockContent = {}): string {
    const lock = { exclusive: false, hostname: "web", username: "root", pid: 7, ...rest };
    return this.lockText(JSON.stringify({ time: new Date(time).toISOString(), ...lock }));
  }

  lockText(json: string): string {
    return this.sealed.addSealed("locks", Buffer.from(json));
  }

  unlock(id: string): void {
    this.sealed.files.delete(`locks/${id}`);
  }

  async collect(): Promise<Reading<RepositoryState>> {
    this.calls = [];
    const reading = await this.#source.collect(this.state, new AbortController().signal);
    this.state = reading.state;
    return reading;
  }

  /** Lets time pass, collects, and returns the metrics. */
  async after(minutes: number): Promise<Readonly<Record<string, number>>> {
    await this.clock.advance(minutes * MINUTE);
    await this.collect();
    return this.metrics();
  }

  /** By name and kind; timestamps as minutes since the beginning. */
  metrics(): Readonly<Record<string, number>> {
    const attempt = { startedAt: 0, durationSeconds: 0, complete: true };
    const entry = { subject: { url: "/r" }, state: this.state, attempt };
    const start = new FakeClock().now() / 1000;
    return Object.fromEntries(
      LOCK_METRICS.flatMap((metric) =>
        [...metric.points(entry, this.clock.now())].map(([value, { kind }]) => {
          const name = metric.name.replace("backup.repository.", "");
          const isTime = name.endsWith("_timestamp_seconds");
          return [
            [isTime ? "held_since" : name, kind ?? []].flat().join(" "),
            isTime ? (value - start) / 60 : value,
          ];
        }),
      ),
    );
  }

  #open(locksEveryMs: number | undefined): ResticSource {
    const password = new Secret("right");
    if (this.#folder !== undefined)
      this.#stateDir ??= new StateDir(this.#folder, this.logger, () => this.clock.now());
    return new ResticSource({
      url: "/r",
      repo: new Secret("/r"),
      password: { resolvedAt: 0, current: async () => password, refresh: async () => password },
      environment: {},
      reverifyMs: 100 * 3_600_000,
      locksEveryMs,
      openBackend: async (_location, { cost }) => {
        const recorded = (): Backend =>
          recordedBackend(this.sealed.files, (call) => {
            if (call.endsWith(" locks")) this.calls.push(call);
            this.before(call);
          });
        const list: Backend["list"] = async (type, from, signal) => {
          if (this.hangs && type === "locks") await once(signal, "abort");
          return recorded().list(type, from, signal);
        };
        const load: Backend["load"] = (...call) => recorded().load(...call);
        return counted({ ...recorded(), list, load }, cost);
      },
      processEnvironment: {},
      cache: this.#stateDir?.cacheOf("/r"),
      clock: this.clock,
      logger: this.logger,
    });
  }
}

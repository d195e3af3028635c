import { backupSets } from "../../../instrumentation/restic/backup-sets.ts";
import type { BackupSet, Snapshot } from "../../../instrumentation/restic/state.ts";
import { Dice } from "../core/dice.ts";
import { snapshotOf } from "./scene.ts";

const MINUTE = 60;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** How often a job runs, and what forget keeps of its snapshots. */
interface Rhythm {
  /** Unix seconds of the run after `index` others of a job that starts on a Monday at 0. */
  readonly at: (index: number) => number;
  readonly jitter: number;
  /** Seconds and number of each rule such as `--keep-daily 7`. Default: `--keep-last 32`. */
  readonly keep?: readonly (readonly [bucket: number, count: number])[];
}

const KEPT_LAST = 32;
const THINNED = [
  [DAY, 7],
  [7 * DAY, 5],
  [30 * DAY, 12],
] as const;
const weekday = (index: number): number => Math.floor(index / 5) * 7 * DAY + (index % 5) * DAY;

export const RHYTHMS = {
  weekday: { at: weekday, jitter: 30 * MINUTE },
  daily: { at: (index) => index * DAY, jitter: 30 * MINUTE },
  weekly: { at: (index) => index * 7 * DAY, jitter: HOUR },
  hourly: { at: (index) => index * HOUR, jitter: 3 * MINUTE },
  thinnedDaily: { at: (index) => index * DAY, jitter: 30 * MINUTE, keep: THINNED },
  thinnedWeekday: { at: weekday, jitter: 30 * MINUTE, keep: THINNED },
  thinnedHourly: {
    at: (index) => index * HOUR,
    jitter: 3 * MINUTE,
    keep: [[HOUR, 24], ...THINNED],
  },
} as const satisfies Readonly<Record<string, Rhythm>>;

/** A job of a host: the snapshots that a repository holds as time passes. */
export class Job {
  readonly host: string;
  readonly rhythm: keyof typeof RHYTHMS;
  readonly paths: readonly string[];
  readonly #start: number;
  readonly #seed: number;
  /** The job makes no backup from then on. */
  stopsAt = Infinity;
  #runs = 0;
  #next: number;
  /** Newest first. */
  members: readonly Snapshot[] = [];

  /** @param start Unix seconds of the first run, about */
  constructor(
    host: string,
    rhythm: keyof typeof RHYTHMS,
    paths: readonly string[],
    start: number,
    seed: number,
  ) {
    this.host = host;
    this.rhythm = rhythm;
    this.paths = paths;
    this.#start = start;
    this.#seed = seed;
    this.#next = this.#timeOf(0);
  }

  #timeOf(run: number): number {
    const { at, jitter } = RHYTHMS[this.rhythm];
    return this.#start + at(run) + new Dice(this.#seed + run).roll(jitter);
  }

  /** Makes the backups up to a time, and forgets. Returns whether there was one. */
  advance(now: number): boolean {
    const { keep }: Rhythm = RHYTHMS[this.rhythm];
    const { host, paths } = this;
    const before = this.#runs;
    while (this.#next <= now && this.#next < this.stopsAt) {
      this.members = kept([snapshotOf({ host, at: this.#next, paths }), ...this.members], keep);
      this.#runs += 1;
      this.#next = this.#timeOf(this.#runs);
    }
    return this.#runs > before;
  }
}

/** As restic: the newest snapshot of each hour, day or month, for a number of them. */
function kept(snapshots: readonly Snapshot[], keep: Rhythm["keep"]): readonly Snapshot[] {
  if (!keep) return snapshots.slice(0, KEPT_LAST);
  const all = new Set<Snapshot>();
  for (const [bucket, count] of keep) {
    let left = count;
    let last = -1;
    for (const snapshot of snapshots) {
      const at = Math.floor(snapshot.time.seconds / bucket);
      if (at === last) continue;
      if (left-- === 0) break;
      last = at;
      all.add(snapshot);
    }
  }
  return snapshots.filter((snapshot) => all.has(snapshot));
}

/** The backup set of each host. */
export function setsOf(url: string, jobs: readonly Job[]): readonly BackupSet[] {
  return backupSets(
    url,
    jobs.flatMap(({ members }) => members),
  );
}

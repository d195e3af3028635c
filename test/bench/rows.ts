import { figure, LARGEST, megabytes, ratio, RUNS, show, table } from "./measure.ts";
import type { Figure } from "./measure.ts";
import type { Sample, Samples } from "./ways.ts";

/** Samples of all programs, one map per run; `empty` are those of an empty repository from the same runs. */
interface Runs {
  readonly empty: readonly Samples[];
  readonly full: readonly Samples[];
}

export function runsOf(size: number): number {
  return size > 1000 ? RUNS : RUNS * 3;
}

/**
 * Compares programs that read repositories of several sizes. "Net" times are without those of an empty repository: the start
 * of a process and the key derivation.
 */
export class Compared {
  readonly #sizes: ReadonlyMap<number, Runs>;

  private constructor(sizes: ReadonlyMap<number, Runs>) {
    this.#sizes = sizes;
  }

  /**
   * Measures all programs in every run.
   * @param prepare writes a repository with `size` snapshots
   * @param runs number of runs; more for small sizes, whose net times are within the noise of a start
   */
  static async measure(
    sizes: readonly number[],
    prepare: (size: number) => unknown,
    once: (size: number, run: number) => Promise<Samples>,
    log: (line: string) => void,
    runs = runsOf,
  ): Promise<Compared> {
    const measured = new Map<number, Runs>();
    prepare(0);
    for (const size of sizes.filter((one) => one <= LARGEST)) {
      prepare(size);
      const empty: Samples[] = [];
      const full: Samples[] = [];
      for (let run = 0; run < runs(size); run++) {
        log(`${size} snapshots, run ${run + 1}`);
        empty.push(await once(0, run));
        full.push(await once(size, run));
      }
      measured.set(size, { empty, full });
    }
    return new Compared(measured);
  }

  get sizes(): readonly number[] {
    return [...this.#sizes.keys()];
  }

  runs(size: number, way: string): readonly Sample[] {
    return this.#sizes.get(size)?.full.flatMap((samples) => samples[way] ?? []) ?? [];
  }

  /** Net times of each run; 0 or less if they are within the noise of a start. */
  net(size: number, way: string, key: "seconds" | "cpuSeconds"): readonly number[] {
    const empty = this.#sizes.get(size)?.empty ?? [];
    const start = figure(empty.flatMap((samples) => samples[way]?.[key] ?? [])).median;
    return this.runs(size, way).map((sample) => sample[key] - start);
  }

  /** Ratio of net wall times, of the runs in which both are above the noise; NaN if those are not more than half. */
  ratio(size: number, ours: string, theirs: string): Figure {
    const known = (way: string): readonly number[] =>
      this.net(size, way, "seconds").map((seconds) => (seconds > 0.01 ? seconds : NaN));
    return ratio(known(ours), known(theirs));
  }

  /** One row per program. @param ways the programs, and the peers that each is compared with @param peers the columns of ratios */
  table(ways: Readonly<Record<string, readonly string[]>>, peers: readonly string[]): string {
    const rows = this.sizes.flatMap((size) =>
      Object.entries(ways).flatMap(([way, against]) => {
        const runs = this.runs(size, way);
        if (runs.length === 0) return [];
        const [one] = runs;
        const middle = (key: "requests" | "keyDerivations" | "peakBytes"): number =>
          figure(runs.map((sample) => sample[key])).median;
        return [
          [
            size,
            way,
            middle("requests"),
            one?.receivedBytes === undefined ? "" : (one.receivedBytes / 1024).toFixed(0),
            middle("keyDerivations"),
            this.#shown(size, way, "seconds"),
            this.#shown(size, way, "cpuSeconds"),
            ...peers.map((peer) => (against.includes(peer) ? this.#against(size, way, peer) : "")),
            megabytes(middle("peakBytes")).toFixed(0),
          ],
        ];
      }),
    );
    const head = ["snapshots", "", "requests", "KiB received", "key derivations"];
    const columns = peers.map((peer) => `of ${peer}`);
    return table([...head, "seconds, net", "CPU s, net", ...columns, "peak MB"], rows);
  }

  #shown(size: number, way: string, key: "seconds" | "cpuSeconds"): string {
    return show(figure(this.net(size, way, key).map((value) => Math.max(0, value))), 2);
  }

  #against(size: number, way: string, peer: string): string {
    const { median } = this.ratio(size, way, peer);
    return Number.isNaN(median) ? "" : `× ${median.toFixed(2)}`;
  }
}

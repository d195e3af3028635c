import { figure, LARGEST, megabytes, ratio, RUNS, show, table } from "./measure.ts";
import type { Figure } from "./measure.ts";
import type { Sample, Samples } from "./ways.ts";

/** Samples of all ways, a map a run. */
export type Runs = readonly Samples[];

/** All ways again and again, fewer times where each takes a minute. */
export async function inTurn(
  size: number,
  once: (run: number) => Promise<Samples>,
  say: (line: string) => void,
): Promise<Runs> {
  const runs: Samples[] = [];
  for (let run = 0; run < (size > 10_000 ? Math.min(RUNS, 3) : RUNS); run++) {
    say(`${size} snapshots, run ${run + 1}`);
    runs.push(await once(run));
  }
  return runs;
}

/** Measures sizes up to the largest wanted, and subtracts what an empty repository takes: a start of a process and the key derivation. */
export class Compared {
  readonly #empty: Runs;
  readonly #sizes: ReadonlyMap<number, Runs>;

  constructor(empty: Runs, sizes: ReadonlyMap<number, Runs>) {
    this.#empty = empty;
    this.#sizes = sizes;
  }

  static async measure(
    sizes: readonly number[],
    samples: (size: number) => Promise<Runs>,
  ): Promise<Compared> {
    const empty = await samples(0);
    const measured = new Map<number, Runs>();
    for (const size of sizes.filter((one) => one <= LARGEST))
      measured.set(size, await samples(size));
    return new Compared(empty, measured);
  }

  get sizes(): readonly number[] {
    return [...this.#sizes.keys()];
  }

  runs(size: number, way: string): readonly Sample[] {
    return (this.#sizes.get(size) ?? []).flatMap((samples) => samples[way] ?? []);
  }

  net(size: number, way: string, key: "seconds" | "cpuSeconds"): readonly number[] {
    const start = figure(this.#empty.flatMap((samples) => samples[way]?.[key] ?? [])).median;
    return this.runs(size, way).map((sample) => Math.max(0, sample[key] - start));
  }

  /** Wall time, net. */
  ratio(size: number, ours: string, theirs: string): Figure {
    return ratio(this.net(size, ours, "seconds"), this.net(size, theirs, "seconds"));
  }

  /** A row a way, in their order; peers are the columns that ours is compared with. */
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
            show(figure(this.net(size, way, "seconds")), 2),
            show(figure(this.net(size, way, "cpuSeconds")), 2),
            ...peers.map((peer) => (against.includes(peer) ? this.#shown(size, way, peer) : "")),
            megabytes(middle("peakBytes")).toFixed(0),
          ],
        ];
      }),
    );
    const head = ["snapshots", "", "requests", "KiB received", "key derivations"];
    const columns = peers.map((peer) => `of ${peer}`);
    return table([...head, "seconds, net", "CPU s, net", ...columns, "peak MB"], rows);
  }

  /** What takes no time that can be told from the start of a process is nothing to compare with. */
  #shown(size: number, way: string, peer: string): string {
    const { median } = figure(this.net(size, peer, "seconds"));
    return median >= 0.05 ? `× ${this.ratio(size, way, peer).median.toFixed(2)}` : "";
  }
}

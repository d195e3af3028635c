import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { peerPath } from "../agent/peers.ts";
import { Samples } from "../agent/samples.ts";

/** One look of Prometheus at the agent. */
export interface Look {
  /** The exposition; undefined: the scrape failed. */
  readonly text: string | undefined;
  /** The target; undefined: Prometheus did not look. */
  readonly instance: string | undefined;
}

/** The names of the alerts that fire at each look. */
export type Firing = readonly ReadonlySet<string>[];

/**
 * The alerts that promtool's rule engine gives for the expositions of an agent.
 * @param rules path of the rule file
 * @param start milliseconds since the epoch of the first look
 */
export async function firing(
  looks: readonly Look[],
  { rules, start, stepMinutes }: { rules: string; start: number; stepMinutes: number },
  names: ReadonlySet<string>,
): Promise<Firing> {
  const step = `${stepMinutes}m`;
  const tests = {
    rule_files: [rules],
    evaluation_interval: step,
    tests: [
      {
        interval: step,
        start_timestamp: start / 1000,
        input_series: seriesOf(looks, names),
        // The comment says which look it is of. All that fires is told as not expected.
        promql_expr_test: looks.map((_, index) => ({
          expr: `count by (alertname) (ALERTS{alertstate="firing"}) # ${index}`,
          eval_time: `${index * stepMinutes}m`,
        })),
      },
    ],
  };
  const folder = await mkdtemp(join(tmpdir(), "firing-"));
  try {
    const file = join(folder, "tests.yml");
    await writeFile(file, JSON.stringify(tests));
    const { stdout, stderr } = spawnSync(peerPath("promtool"), ["test", "rules", file], {
      encoding: "utf8",
      maxBuffer: 2 ** 28,
    });
    return firingIn(`${stdout}\n${stderr}`, looks.length);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const RESULT = /# (\d+)\\?", time: [^\n]*\n\s+exp: nil\n\s+got: ([^\n]*)/g;

function firingIn(output: string, count: number): Firing {
  const found = Array.from({ length: count }, () => new Set<string>());
  const results = [...output.matchAll(RESULT)];
  if (results.length !== [...output.matchAll(/^\s+exp: /gm)].length || /error|WARNING/.test(output))
    throw new Error(`promtool printed something else:\n${output.slice(0, 4000)}`);
  for (const [, index, got = ""] of results)
    for (const [, name = ""] of got.matchAll(/alertname="(\w+)"/g)) found[Number(index)]?.add(name);
  return found;
}

interface Series {
  readonly series: string;
  readonly values: string;
}

/** A series ends with a stale marker at the first look that lacks it. */
function seriesOf(looks: readonly Look[], names: ReadonlySet<string>): readonly Series[] {
  const all = new Map<string, (number | "stale" | "_")[]>();
  for (const [index, { text, instance }] of looks.entries()) {
    const target = { instance: instance ?? "", job: "restic-otel" };
    const seen = new Map<string, number>();
    if (instance !== undefined) seen.set(seriesName("up", target), text === undefined ? 0 : 1);
    for (const { name, labels, value } of text === undefined ? [] : new Samples(text).all)
      if (names.has(name)) seen.set(seriesName(name, { ...labels, ...target }), value);
    for (const series of seen.keys())
      if (!all.has(series))
        all.set(
          series,
          Array.from({ length: index }, () => "_"),
        );
    for (const [series, values] of all) {
      const ends = instance !== undefined && typeof values.at(-1) === "number";
      values.push(seen.get(series) ?? (ends ? "stale" : "_"));
    }
  }
  return [...all].map(([series, values]) => ({ series, values: values.join(" ") }));
}

function seriesName(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${name}{${pairs.join(",")}}`;
}

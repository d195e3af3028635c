import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ALERTS } from "../../../src/alerts/alerts.ts";
import type { Alert } from "../../../src/alerts/alert.ts";
import { peerPath } from "../agent/peers.ts";
import { seriesOf } from "./series.ts";
import type { Look } from "./series.ts";

/** The alerts that fire at each look, by the name that `alertKey` gives, with the texts of their labels. */
export type Firing = readonly ReadonlyMap<string, ReadonlySet<string>>[];

/** The samples that a Prometheus saw, and when. */
export interface Recording {
  readonly looks: readonly Look[];
  /** Milliseconds since the epoch of the first look. */
  readonly begin: number;
  readonly stepMinutes: number;
}

/** The result of an expression at a look. */
interface Result {
  readonly expr: string;
  /** The number of the look. */
  readonly look: number;
  readonly samples: readonly string[];
}

/** Results that are not empty, or the names of the rules that Prometheus could not evaluate. */
type Evaluation =
  | { readonly results: readonly Result[]; readonly failed?: undefined }
  | { readonly failed: ReadonlySet<string> };

const FIRING = 'ALERTS{alertstate="firing"}';
const NAMES = ALERTS.flatMap(({ alerts }) => alerts).map(({ name }) => name);

/** The name of an alert, with its severity if another alert has the same name: `BackupMassRemoval (critical)`. */
function alertKey({ name, severity }: { name: string; severity: string }): string {
  return NAMES.filter((one) => one === name).length > 1 ? `${name} (${severity})` : name;
}

/** All alerts of the table by their keys. */
export const ALERTS_BY_KEY: ReadonlyMap<string, Alert> = new Map(
  ALERTS.flatMap(({ alerts }) => alerts).map((alert) => [alertKey(alert), alert]),
);

/** The alerts that promtool's rule engine gives for a recording. @param rules path of the rule file @param metrics that the rules use */
export async function firing(
  recording: Recording,
  rules: string,
  metrics: ReadonlySet<string>,
): Promise<Firing | { readonly failed: ReadonlySet<string> }> {
  const queries = recording.looks.map((_, look) => ({ expr: FIRING, look }));
  const evaluation = await evaluate(recording, rules, metrics, queries);
  if (evaluation.failed) return evaluation;
  const found = recording.looks.map(() => new Map<string, Set<string>>());
  for (const { look, samples } of evaluation.results)
    for (const sample of samples) {
      const { alertname = "", severity = "", ...labels } = labelsOf(sample);
      const key = alertKey({ name: alertname, severity });
      const texts = found[look]?.get(key) ?? new Set();
      found[look]?.set(key, texts.add(textOf(labels)));
    }
  return found;
}

/** Evaluates rules over a recording, and expressions at some of its looks. @param rules path of the rule file; undefined: none */
export async function evaluate(
  { looks, begin, stepMinutes }: Recording,
  rules: string | undefined,
  metrics: ReadonlySet<string>,
  queries: readonly { readonly expr: string; readonly look: number }[],
): Promise<Evaluation> {
  const step = `${stepMinutes}m`;
  const tests = {
    rule_files: rules === undefined ? [] : [rules],
    evaluation_interval: step,
    tests: [
      {
        interval: step,
        start_timestamp: begin / 1000,
        input_series: seriesOf(looks, metrics),
        // The comment says which query it is. Each result is printed, since none is expected.
        promql_expr_test: queries.map(({ expr, look }, index) => ({
          expr: `${expr} # ${index}`,
          eval_time: `${look * stepMinutes}m`,
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
      maxBuffer: 2 ** 29,
    });
    return read(`${stdout}\n${stderr}`, queries);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const RESULT = /# (\d+)\\?", time: [^\n]*\n\s+exp: nil\n\s+got: ([^\n]*)/g;
const RULE_ERROR = /^\s+rule: (\w+), time: [^\n]*, err: [^\n]*$/gm;

function read(
  output: string,
  queries: readonly { readonly expr: string; readonly look: number }[],
): Evaluation {
  const failed = [...output.matchAll(RULE_ERROR)].map(([, name = ""]) => name);
  if (failed.length > 0) return { failed: new Set(failed) };
  const found = [...output.matchAll(RESULT)];
  const rest = output.replaceAll(/^\s+(?:expr|got): .*$/gm, "");
  if (found.length !== [...output.matchAll(/^\s+exp: /gm)].length || /error|WARNING/.test(rest))
    throw new Error(`promtool printed something else:\n${output.slice(0, 4000)}`);
  const results = found.flatMap(([, index, got = ""]) => {
    const query = queries[Number(index)];
    return query ? [{ ...query, samples: got.split(/(?<=} \S+), (?={)/) }] : [];
  });
  return { results };
}

function labelsOf(sample: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...sample.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = "", value = ""]) => [
      name,
      value,
    ]),
  );
}

/** The labels that distinguish alerts of the same name. */
function textOf(labels: Readonly<Record<string, string>>): string {
  const { __name__: _, alertstate: __, ...rest } = labels;
  const pairs = Object.entries(rest).map(([name, value]) => `${name}="${value}"`);
  return `{${pairs.join(",")}}`;
}

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expectationsOf } from "../expectation-settings.ts";
import { atMost } from "../goals.ts";
import type { Findings } from "../goals.ts";
import { figure, LARGEST, megabytes, run, RUNS, show, table } from "../measure.ts";
import { agentOf } from "../program.ts";
import { CHEAP_SCRYPT, PASSWORD, writeRepository } from "../repositories.ts";
import { pauseOf, sampleOf } from "./scrapes.ts";

const EXPECTATIONS = 100;
const SETS = Math.min(10_000, LARGEST);
const SNAPSHOTS = SETS * 10;

interface Evaluation {
  readonly firstMs: number;
  readonly longestStepMs: number;
  readonly changesMs: readonly number[];
  readonly failureMs: number;
}

/** The CPU time of evaluating expectations, and scrapes with them and without. */
export async function benchExpectations(log: (line: string) => void): Promise<Findings> {
  const folder = await mkdtemp(join(tmpdir(), "restic-otel-bench-"));
  try {
    const evaluations: Evaluation[] = [];
    for (let index = 0; index < RUNS; index++) {
      log(`evaluation, run ${index + 1}`);
      evaluations.push(await evaluate());
    }
    const repository = join(folder, "repository");
    writeRepository(repository, SETS, SETS, CHEAP_SCRYPT);
    const rows: (readonly (string | number)[])[] = [];
    const pauses: number[] = [];
    for (const expectations of [0, EXPECTATIONS]) {
      log(`scrapes with ${expectations} expectations`);
      const config = join(folder, `${expectations}.json`);
      const expect = expectations > 0 ? { expect: expectationsOf(expectations, SETS) } : {};
      const repositories = [{ repo: repository, password: PASSWORD }];
      await writeFile(config, JSON.stringify({ repositories, ...expect }));
      const program = agentOf("", {}, ["--config", config]);
      const samples = [];
      const pausesOf: number[] = [];
      for (let index = 0; index < RUNS; index++) {
        samples.push(await sampleOf(program));
        pausesOf.push(await pauseOf(program));
      }
      if (expectations > 0) pauses.push(...pausesOf);
      rows.push([
        expectations,
        show(figure(samples.map(({ firstMs }) => firstMs)), 1),
        show(figure(samples.map(({ identity }) => identity.ms)), 2),
        show(figure(samples.map(({ identity }) => identity.cpuMs)), 1),
        show(figure(pausesOf), 0),
        figure(samples.map(({ peakBytes }) => megabytes(peakBytes))).median.toFixed(0),
      ]);
    }
    return { text: textOf(evaluations, rows), goals: goalsOf(evaluations, pauses) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function evaluate(): Promise<Evaluation> {
  const script = join(import.meta.dirname, "../processes/evaluate.ts");
  const args = ["--conditions=source", script, ...[EXPECTATIONS, SETS, SNAPSHOTS].map(String)];
  const evaluation: Evaluation = JSON.parse((await run(process.execPath, args)).stdout);
  return evaluation;
}

function textOf(
  evaluations: readonly Evaluation[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const of = (value: (one: Evaluation) => number): string =>
    show(figure(evaluations.map(value)), 1);
  const cost = table(
    ["evaluation", "CPU, ms"],
    [
      ["first, in all", of(({ firstMs }) => firstMs)],
      ["first, its longest step", of(({ longestStepMs }) => longestStepMs)],
      ["a new snapshot", show(figure(evaluations.flatMap(({ changesMs }) => changesMs)), 1)],
      ["the repository cannot be read", of(({ failureMs }) => failureMs)],
    ],
  );
  const head = ["expectations", "first scrape, ms", "later, ms", "CPU, ms", "longest pause, ms"];
  const sets = SETS.toLocaleString("en");
  return `${cost}
${EXPECTATIONS} expectations, ${sets} backup sets, ${SNAPSHOTS.toLocaleString("en")} snapshots in one repository.

${table([...head, "peak MB"], rows)}
Scrapes of ${sets} backup sets with one snapshot each.
`;
}

function goalsOf(evaluations: readonly Evaluation[], pauses: readonly number[]): Findings["goals"] {
  const work = `${EXPECTATIONS} expectations over ${SETS.toLocaleString("en")} backup sets`;
  const changes = figure(evaluations.flatMap(({ changesMs }) => changesMs));
  const steps = figure(evaluations.map(({ longestStepMs }) => longestStepMs));
  return [
    atMost(work, "CPU of the evaluation of a change", changes, { limit: 20, unit: " ms" }),
    atMost(work, "CPU of the longest step of the first evaluation", steps, {
      limit: 50,
      unit: " ms",
      digits: 0,
    }),
    atMost(`${work}, scrapes`, "longest pause of the event loop", figure(pauses), {
      limit: 50,
      unit: " ms",
      digits: 0,
    }),
  ];
}

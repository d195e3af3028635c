import { table } from "./measure.ts";
import type { Figure } from "./measure.ts";

/** A row of the table of goals. */
export interface Goal {
  readonly work: string;
  readonly measure: string;
  readonly goal: string;
  readonly reached: string;
  /** Undefined: not measured. */
  readonly isMet: boolean | undefined;
}

/** The result of a part of the bench. */
export interface Findings {
  /** Markdown. */
  readonly text: string;
  readonly goals: readonly Goal[];
}

interface Limit {
  /** Inclusive. */
  readonly limit: number;
  readonly unit: string;
  readonly digits?: number;
}

/** Compares the median with a limit. NaN means not measured. */
export function atMost(
  work: string,
  measure: string,
  { median, min, max }: Figure,
  { limit, unit, digits = 2 }: Limit,
): Goal {
  const number = (value: number): string => value.toFixed(digits);
  const isKnown = !Number.isNaN(median);
  return {
    work,
    measure,
    goal: `≤ ${limit}${unit}`,
    reached: isKnown ? `${number(median)}${unit} (${number(min)}–${number(max)})` : "not measured",
    isMet: isKnown ? median <= limit : undefined,
  };
}

/** Compares the counts of every run. */
export function exactly(
  work: string,
  measure: string,
  goal: readonly number[],
  runs: readonly (readonly number[])[],
): Goal {
  const wrong = runs.find((counts) => counts.some((count, index) => count !== goal[index]));
  return {
    work,
    measure,
    goal: goal.join(", "),
    reached: (wrong ?? runs[0])?.join(", ") ?? "not measured",
    isMet: runs.length === 0 ? undefined : wrong === undefined,
  };
}

/** Compares a change, positive or negative. @param limit per cent */
export function within(work: string, measure: string, change: number, limit: number): Goal {
  return {
    work,
    measure,
    goal: `± ${limit} %`,
    reached: `${change < 0 ? "−" : "+"}${Math.abs(change).toFixed(1)} %`,
    isMet: Math.abs(change) <= limit,
  };
}

export function goalsTable(goals: readonly Goal[]): string {
  const mark = (isMet: boolean | undefined): string =>
    isMet === undefined ? "" : isMet ? " ✓" : " **missed**";
  return table(
    ["work", "measure", "goal", "reached"],
    goals.map(({ work, measure, goal, reached, isMet }) => [
      work,
      measure,
      goal,
      reached + mark(isMet),
    ]),
  );
}

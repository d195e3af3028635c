import type { Shot } from "./scene.ts";

/** An entry of `expect` whose names are literal or end in a star. */
export interface PlainExpectation {
  readonly name: string;
  readonly repositories: readonly string[];
  readonly hosts: readonly string[];
  readonly users?: readonly string[];
  readonly tags?: readonly string[];
  readonly paths?: readonly string[];
  readonly maxAge: string;
  readonly minSnapshots?: number;
  readonly minFiles?: number;
  readonly copies?: number;
  readonly paused?: { readonly until: string };
}

export interface PlainRetired {
  readonly hosts: readonly string[];
  readonly users?: readonly string[];
  readonly since: string;
}

/** The agent's knowledge of a repository since it started. */
export interface Learnt {
  readonly shots: readonly Shot[] | undefined;
  readonly wasComplete: boolean;
  readonly refused: number;
  readonly isFailing: boolean;
}

export interface World {
  readonly expect: readonly PlainExpectation[];
  readonly retired: readonly PlainRetired[];
  readonly enabled: readonly string[];
  /** A repository is missing until its first attempt has ended. */
  readonly learnt: ReadonlyMap<string, Learnt>;
  readonly unrestorable: ReadonlySet<Shot>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export const isGlob = (pattern: string): boolean => pattern.endsWith("*");
const fits = (pattern: string, name: string): boolean =>
  isGlob(pattern) ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
export const anyFits = (patterns: readonly string[], name: string): boolean =>
  patterns.some((pattern) => fits(pattern, name));

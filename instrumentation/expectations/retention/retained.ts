import { isDeepStrictEqual } from "node:util";

import type { Labels } from "../../core/source.ts";
import type { Expectation } from "../../settings/expectations/expectations.ts";
import type { Evidence } from "./evidence.ts";
import { areRequiredThere, periodsAt } from "./periods.ts";
import type { PeriodCounts } from "./periods.ts";

/** The snapshots of a slot in one repository, by the policy of the expectation. Never changes. */
export interface Retained extends PeriodCounts {
  /** `url`, and the labels of the slot. */
  readonly labels: Labels;
  readonly areRequiredThere: boolean;
}

/**
 * @param before the result of the last call: what did not change stays the same object
 * @param now milliseconds since the epoch
 * @returns undefined: there is no policy or no snapshot, or not all is read that decides on it
 */
export function retainedOf(
  expectation: Expectation,
  url: string,
  labels: Labels,
  evidence: Evidence | undefined,
  before: readonly Retained[],
  now: number,
): Retained | undefined {
  if (!evidence || evidence.isPartial) return undefined;
  const counts = periodsAt(expectation, evidence, now);
  const known = before.find((one) => one.labels["url"] === url);
  const made = {
    ...counts,
    labels: known?.labels ?? Object.freeze({ url, ...labels }),
    areRequiredThere: areRequiredThere(counts),
  };
  return isDeepStrictEqual(known, made) ? known : made;
}

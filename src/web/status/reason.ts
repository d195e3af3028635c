import type { Reason } from "restic-otel-instrumentation/internal";

import type { ExpectationStatus } from "./expectation-status.ts";
import { humanDuration } from "./quantity.ts";

const WORDS: Readonly<Record<Reason, (expectation: ExpectationStatus) => string>> = {
  never_seen: () => "never seen",
  late: ({ maxAgeSeconds }) => `older than ${humanDuration(maxAgeSeconds)}`,
  copies: () => "too few fresh copies",
  empty: () => "newest is empty",
  small: () => "newest is too small",
  too_few: () => "too few snapshots",
  future: () => "dated in the future",
  unknown: () => "not all is known",
};

/** Why an expectation is not met, in words, the worst reason first. */
export function reasonInWords(expectation: ExpectationStatus): string {
  return expectation.reasons.map((reason) => WORDS[reason](expectation)).join(", ");
}

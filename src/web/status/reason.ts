import type { Doubt, DoubtCause, Reason } from "restic-otel-instrumentation/internal";

import type { ExpectationStatus } from "./expectation-status.ts";
import { named } from "./holders.ts";
import { humanDuration } from "./quantity.ts";

const WORDS: Readonly<Record<Reason, (expectation: ExpectationStatus) => string>> = {
  never_seen: () => "never seen",
  late: ({ maxAgeSeconds }) => `older than ${humanDuration(maxAgeSeconds)}`,
  copies: () => "too few fresh copies",
  empty: () => "newest is empty",
  small: () => "newest is too small",
  too_few: () => "too few snapshots",
  retention: ({ retention }) => `too few ${shortOf(retention).join(", ")} snapshots`,
  future: () => "dated in the future",
  unknown: ({ unknown }) => named(unknown.map(doubtInWords)) || "not all is known",
};

const DOUBTS: Readonly<Record<DoubtCause, (url: string) => string>> = {
  unread: (url) => `${url} is not read yet`,
  failing: (url) => `${url} cannot be read`,
  refused: (url) => `${url} does not hand out all snapshot files`,
  unfilled: (url) => `tags and paths in ${url} are not all read yet`,
  lists: (url) => `lists of tags and paths in ${url} exceed 16 MiB and are not all kept`,
  copies: () => "fewer repositories are enabled than copies says",
};

function doubtInWords({ url = "", cause }: Doubt): string {
  return DOUBTS[cause](url);
}

/** The periods that lack required snapshots. */
function shortOf(retention: ExpectationStatus["retention"]): readonly string[] {
  const short = retention.filter(({ found, required }) => found < required);
  return [...new Set(short.map(({ period }) => period))];
}

/** `daily 7 of 7 · weekly 4 of 5`, for each repository that has snapshots; empty: the expectation has no policy. */
export function retentionInWords({ retention }: ExpectationStatus): string {
  const repositories = [...Map.groupBy(retention, ({ url }) => url)];
  return repositories
    .map(([url, periods]) => {
      const text = periods
        .map(({ period, found, expected }) => `${period} ${found} of ${expected}`)
        .join(" · ");
      return repositories.length > 1 ? `${text} in ${url}` : text;
    })
    .join("; ");
}

/** Why an expectation is not met, in words, the worst reason first. */
export function reasonInWords(expectation: ExpectationStatus): string {
  return expectation.reasons.map((reason) => WORDS[reason](expectation)).join(", ");
}

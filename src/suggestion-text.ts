import { Document, Scalar, visit } from "yaml";
import { escapeGlob, formatDuration } from "restic-otel-instrumentation/internal";
import type { Suggestion } from "restic-otel-instrumentation/suggest";

import { escaped } from "./printable.ts";

const DAY = 86_400;
const MAX_NAME = 64;
/** Room for a number behind the name. */
const MAX_STEM = 56;

/** A block `expect:` for the settings file. The retired ones follow as comments. */
export function suggestionText(suggestions: readonly Suggestion[]): string {
  const nameOf = uniqueNames();
  const isRetired = ({ state }: Suggestion): boolean => state === "retired";
  const blocks = [
    ...suggestions.filter((one) => !isRetired(one)),
    ...suggestions.filter(isRetired),
  ].map((one) => {
    const lines = [`# ${remark(one)}`, ...entryLines(one, nameOf(stemOf(one)))];
    return lines.map((line) => (isRetired(one) ? `  # ${line.replace(/^# /, "")}` : `  ${line}`));
  });
  const isEmpty = suggestions.every(isRetired);
  return [isEmpty ? "expect: []" : "expect:", ...blocks.flat(), ""].join("\n");
}

function entryLines(
  { hosts, url, paths, maxAgeSeconds }: Suggestion,
  name: string,
): readonly string[] {
  const entry = {
    name,
    ...(url !== undefined && { repositories: [escapeGlob(url)] }),
    hosts: hosts.map(escapeGlob),
    ...(paths.length > 0 && { paths }),
    maxAge: ageText(maxAgeSeconds),
  };
  const document = new Document([entry]);
  visit(document, {
    Scalar(_key, scalar) {
      const text = String(scalar.value);
      if (escaped(text) !== text) scalar.type = Scalar.QUOTE_DOUBLE;
    },
    Seq(key, list) {
      if (key !== null) list.flow = true;
    },
  });
  // Without block scalars every line may get the same prefix.
  const text = document.toString({ lineWidth: 0, blockQuote: false, flowCollectionPadding: false });
  return escaped(text).trimEnd().split("\n");
}

/** Explains the age. Contains no names: a name could end the comment. */
function remark({ state, gapSeconds, newest }: Suggestion): string {
  const gap =
    gapSeconds === undefined
      ? "a guess: too few snapshots"
      : `largest gap seen twice: ${formatDuration(Math.round(gapSeconds / 60) * 60_000)}`;
  const since = dayOf(newest);
  return {
    regular: gap,
    silent: `silent since ${since}, late at once; ${gap}`,
    retired: `retired? silent since ${since}; ${gap}`,
  }[state];
}

/** The day in UTC. */
export function dayOf(seconds: number): string {
  // oxlint-disable-next-line no-restricted-globals -- converts a given time, does not read the clock
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}

function ageText(seconds: number): string {
  return seconds >= 4 * DAY && seconds % DAY === 0
    ? `${seconds / DAY}d`
    : formatDuration(seconds * 1000);
}

/** The host if there is one, and the last folder of its first path. */
function stemOf({ hosts, paths, maxAgeSeconds }: Suggestion): string {
  const [host = "", ...others] = hosts;
  const who = others.length > 0 ? `within-${ageText(maxAgeSeconds)}` : host;
  const what = paths[0]?.split(/[/\\]/).findLast((part) => part !== "");
  return [who, what]
    .flatMap((part) => (part === undefined ? [] : part.toLowerCase()))
    .join("-")
    .replaceAll(/[^a-z0-9_-]+/g, "-")
    .slice(0, MAX_STEM)
    .replaceAll(/^-+|-+$/g, "");
}

/** Appends a number to a name that is taken. */
function uniqueNames(): (stem: string) => string {
  const taken = new Set<string>();
  const counts = new Map<string, number>();
  return (written) => {
    const stem = written === "" ? "backups" : written;
    let count = counts.get(stem) ?? 1;
    let name = stem;
    while (taken.has(name)) {
      count += 1;
      name = `${stem}-${count}`.slice(0, MAX_NAME);
    }
    counts.set(stem, count);
    taken.add(name);
    return name;
  };
}

import type { ExpectedSet } from "../repository/expected-sets.ts";

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^(\w+)(?:\{(.*)\})? (\S+)$/s;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n" };

/** The samples of an exposition, from a simple parser that is independent of the agent. */
export class Samples {
  readonly text: string;
  readonly all: readonly Sample[];

  constructor(text: string) {
    this.text = text;
    this.all = text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map(sample);
  }

  /** The samples of a metric with at least these labels. */
  of(name: string, labels: Readonly<Record<string, string>> = {}): readonly Sample[] {
    return this.all.filter(
      (one) =>
        one.name === name &&
        Object.entries(labels).every(([label, value]) => one.labels[label] === value),
    );
  }

  /** The value of the only sample; undefined: there is none, or more than one. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const [first, ...others] = this.of(name, labels);
    return others.length === 0 ? first?.value : undefined;
  }

  /** The backup sets of a repository, sorted by host and user. */
  sets(url: string): readonly ExpectedSet[] {
    return this.of("backup_snapshot_count", { url })
      .map(({ labels, value }) => {
        const { host = "", user = "" } = labels;
        const other = (name: string): number => this.value(name, labels) ?? Number.NaN;
        return {
          host,
          user,
          snapshots: value,
          newest: other("backup_newest_timestamp"),
          oldest: other("backup_oldest_timestamp_seconds"),
        };
      })
      .toSorted((a, b) => (`${a.host}\0${a.user}` < `${b.host}\0${b.user}` ? -1 : 1));
  }
}

function sample(line: string): Sample {
  const [, name, labels = "", value] = LINE.exec(line) ?? [];
  if (name === undefined) throw new Error(`invalid line of an exposition: ${line}`);
  return {
    name,
    labels: Object.fromEntries(
      [...labels.matchAll(LABEL)].map(([, label = "", text = ""]) => [
        label,
        text.replaceAll(/\\(.)/g, (_, character: string) => ESCAPES[character] ?? character),
      ]),
    ),
    value: Number(value),
  };
}

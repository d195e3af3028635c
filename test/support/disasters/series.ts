import { Samples } from "../agent/samples.ts";

/** What Prometheus got of one agent at one look. */
export interface Target {
  readonly instance: string;
  readonly job: string;
  /** The exposition; undefined: the scrape failed. */
  readonly text: string | undefined;
  /** The agent has pushed it: there is no `up`, and a series that ends is not stale at once. */
  readonly isPushed?: boolean;
}

/** All that Prometheus got at one time. Empty: it was away, or has no target. */
export type Look = readonly Target[];

/** A series of promtool's tests. */
export interface Series {
  readonly series: string;
  readonly values: string;
}

/** The series of some metrics. One of a scrape ends with a stale marker at the first look that lacks it. */
export function seriesOf(looks: readonly Look[], metrics: ReadonlySet<string>): readonly Series[] {
  const all = new Map<string, { readonly isPushed: boolean; readonly values: string[] }>();
  for (const [index, look] of looks.entries()) {
    const seen = new Map<string, number>();
    for (const { instance, job, text, isPushed = false } of look) {
      const add = (name: string, labels: Readonly<Record<string, string>>, value: number): void => {
        const series = seriesName(name, { ...labels, instance, job });
        seen.set(series, value);
        if (!all.has(series))
          all.set(series, { isPushed, values: Array.from({ length: index }, () => "_") });
      };
      if (!isPushed) add("up", {}, text === undefined ? 0 : 1);
      for (const { name, labels, value } of text === undefined ? [] : new Samples(text).all)
        if (metrics.has(name)) add(name, labels, value);
    }
    const isScraping = look.some(({ isPushed }) => !isPushed);
    for (const [series, { isPushed, values }] of all) {
      const isStale = isScraping && !isPushed && !["stale", "_"].includes(values.at(-1) ?? "_");
      values.push(seen.get(series)?.toString() ?? (isStale ? "stale" : "_"));
    }
  }
  return [...all].map(([series, { values }]) => ({ series, values: values.join(" ") }));
}

function seriesName(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${name}{${pairs.join(",")}}`;
}

/** The value of a series: a number, or a time so many seconds before the evaluation. */
type Value = number | { readonly ago: number };

/** Without the labels of a target: both agents of a pair have it. A pair of values: while all is well, and while it is not; undefined: there is no such series. */
export type Series = Readonly<
  Record<string, Value | readonly [good: Value | undefined, bad: Value | undefined]>
>;

/** A state in which one alert fires, and what is beside it and must not fire. */
export interface Scenario {
  readonly alert: string;
  readonly severity?: "critical" | "warning" | "info";
  /** The state in words. */
  readonly name: string;
  /** The labels of the alert, in the order of the alphabet. */
  readonly labels: string;
  readonly series: Series;
  /** Steps until it fires. Default 0. */
  readonly after?: number;
  /** The alert does not fire: others do, or none. */
  readonly isSilent?: true;
  /** Other alerts that may fire: for what is beside it. */
  readonly also?: readonly string[];
  /** The rule looks at days: a step is an hour, and no agent restarts. Default: a step is a minute. */
  readonly isHourly?: true;
}

/** The same labels with one of them changed: a match on fewer labels would find these. */
export function others(
  labels: Readonly<Record<string, string>>,
  suffix = "other",
): readonly string[] {
  return Object.keys(labels).map((changed) =>
    labelText({ ...labels, [changed]: `${labels[changed] ?? ""}-${suffix}` }),
  );
}

export function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(",");
}

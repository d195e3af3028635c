import type { Scenario, Series } from "./scenario.ts";

export const U = 'url="u"';

/** A gauge that is 0 while all is well, and stays 0 in another repository. */
export function counted(
  alert: string,
  metric: string,
  more: Partial<Scenario> = {},
  labels: readonly string[] = [],
): Scenario {
  const at = (url: string): string => `${metric}{${[`url="${url}"`, ...labels].join(",")}}`;
  const series: Series = { [at("u")]: [0, 2], [at("v")]: 0 };
  return { alert, name: `${metric} is not 0`, labels: U, series, ...more };
}

/** A timestamp that is absent until something happens; in another repository it happened four days ago. */
export function happened(
  alert: string,
  metric: string,
  more: Partial<Scenario> = {},
  label = "",
): Scenario {
  const at = (url: string): string => `${metric}{url="${url}"${label}}`;
  const series: Series = {
    [at("u")]: [undefined, { ago: 2.9 * 86_400 }],
    [at("v")]: { ago: 3.1 * 86_400 },
  };
  return { alert, name: `${metric} was within three days`, labels: U, series, ...more };
}

export const CRITICAL = { severity: "critical" } as const;

/** Prometheus adds them to each series. */
const SCRAPE_LABELS: readonly string[] = ["job", "instance"];
/** Prometheus makes it of each target. */
const SCRAPE_METRICS: ReadonlyMap<string, readonly string[]> = new Map([["up", SCRAPE_LABELS]]);

const METRIC = /(?<![\w$"])(?:up|(?:backup|restic_otel|process)_[a-z_]+)\b(\{[^}]*\})?/g;

/** The labels of each metric by its Prometheus name. */
export type KnownMetrics = ReadonlyMap<string, readonly string[]>;

/**
 * Metrics of a PromQL expression that are not known, and labels that they lack: in selectors, in `by (…)` of all metrics in its
 * parentheses, in `on (…)` of the next metric.
 */
export function expressionProblems(expr: string, known: KnownMetrics): readonly string[] {
  const problems = new Set<string>();
  const check = (name: string, labels: readonly string[]): void => {
    const has = known.get(name) ?? SCRAPE_METRICS.get(name);
    if (!has) problems.add(name);
    for (const label of has ? labels : [])
      if (!has?.includes(label) && !SCRAPE_LABELS.includes(label))
        problems.add(`${name}{${label}}`);
  };
  for (const { name, selected } of metricsIn(expr)) check(name, selected);
  for (const match of expr.matchAll(/\bby \(([^)]*)\)\s*\(/g)) {
    const inner = parenthesized(expr, match.index + match[0].length);
    for (const { name } of metricsIn(inner)) check(name, words(match[1]));
  }
  for (const match of expr.matchAll(/\bon \(([^)]*)\)/g)) {
    const [next] = metricsIn(expr.slice(match.index + match[0].length));
    if (next) check(next.name, words(match[1]));
  }
  return [...problems];
}

/** The metrics that an expression names, and the labels of their selectors. */
export function metricsIn(
  expr: string,
): readonly { readonly name: string; readonly selected: readonly string[] }[] {
  const bare = expr.replaceAll(/\b(?:by|on) \([^)]*\)/g, " ");
  return [...bare.matchAll(METRIC)].map(([text, selector = ""]) => ({
    name: text.slice(0, text.length - selector.length),
    selected: [...selector.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)/g)].map(([, label = ""]) => label),
  }));
}

function words(list = ""): readonly string[] {
  return list.split(",").flatMap((word) => (word.trim() === "" ? [] : [word.trim()]));
}

/** The text from `start` to the parenthesis that closes the one before it. */
function parenthesized(text: string, start: number): string {
  let depth = 1;
  for (let at = start; at < text.length; at++) {
    if (text[at] === "(") depth += 1;
    if (text[at] === ")") depth -= 1;
    if (depth === 0) return text.slice(start, at);
  }
  throw new Error(`a parenthesis is not closed: ${text}`);
}

/** An expression with one mistake. */
interface Mutant {
  /** `2nd url is url_renamed`. */
  readonly mistake: string;
  readonly expr: string;
}

/** Patterns of one word that a mistake replaces. */
const MISTAKES: readonly (readonly [pattern: RegExp, wrong: (word: string) => string])[] = [
  [/(?<= )(?:>=|<=|==|!=|>|<)(?= )/g, negated],
  [/\b(?:unless|and)(?= on )/g, (word) => (word === "and" ? "unless" : "and")],
  [/\bor\b(?! on)/g, () => "and"],
  [
    /(?<![\w"(])(?:up|(?:backup|restic_otel|process)_\w+)\b|(?<=\()(?:backup|restic_otel|process)_\w+\b/g,
    renamed,
  ],
  [/(?<=\b(?:by|on) \([^)]*)\b\w+/g, renamed],
  [/(?<=\{[^}]*)\b\w+(?=(?:=~|=))/g, renamed],
];

function negated(operator: string): string {
  const opposites: Readonly<Record<string, string>> = {
    ">": "<=",
    "<": ">=",
    ">=": "<",
    "<=": ">",
    "==": "!=",
    "!=": "==",
  };
  return opposites[operator] ?? operator;
}

function renamed(name: string): string {
  return `${name}_renamed`;
}

/** All expressions with one comparison or one set operator negated, or one metric or label renamed. */
export function mutantsOf(expr: string): readonly Mutant[] {
  const places = MISTAKES.flatMap(([pattern, wrong]) =>
    [...expr.matchAll(pattern)].map(({ 0: word, index }) => ({ word, index, wrong: wrong(word) })),
  ).toSorted((a, b) => a.index - b.index);
  const seen = new Map<string, number>();
  return places.map(({ word, index, wrong }) => {
    const count = (seen.get(word) ?? 0) + 1;
    seen.set(word, count);
    return {
      mistake: `${ordinal(count)} ${word} is ${wrong}`,
      expr: expr.slice(0, index) + wrong + expr.slice(index + word.length),
    };
  });
}

function ordinal(count: number): string {
  return `${count}${["st", "nd", "rd"][count - 1] ?? "th"}`;
}

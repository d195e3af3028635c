/** An expression with one mistake. */
export interface Mutant {
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
  return MISTAKES.flatMap(([pattern, wrong]) =>
    [...expr.matchAll(pattern)].map(({ 0: word, index }) => ({
      mistake: `${word} at ${index} is ${wrong(word)}`,
      expr: expr.slice(0, index) + wrong(word) + expr.slice(index + word.length),
    })),
  );
}

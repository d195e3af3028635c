import { printable } from "../printable.ts";

/** Escaped markup. Only `html` creates it, so that it contains no unescaped value. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Html | readonly Html[];

/** Builds markup. Every value that is not Html is escaped, for element content and for quoted attributes. */
export function html(literals: TemplateStringsArray, ...values: readonly Part[]): Html {
  return new Html(
    literals.reduce((text, literal, index) => text + render(values[index - 1] ?? "") + literal),
  );
}

function render(value: Part): string {
  if (value instanceof Html) return value.text;
  if (typeof value === "object") return value.map(({ text }) => text).join("");
  return printable(String(value)).replaceAll(
    /[&<>"']/g,
    (character) => `&#${character.charCodeAt(0)};`,
  );
}

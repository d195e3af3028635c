/** Text that is markup already. Made by `html` alone, so that nothing gets in unescaped. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Html | readonly Html[];

/** Markup with values in it: whatever is not markup itself is escaped, for content and quoted attributes. */
export function html(literals: TemplateStringsArray, ...values: readonly Part[]): Html {
  return new Html(
    literals.reduce((text, literal, index) => text + render(values[index - 1] ?? "") + literal),
  );
}

function render(value: Part): string {
  if (value instanceof Html) return value.text;
  if (typeof value === "object") return value.map(({ text }) => text).join("");
  // Control characters and directions of writing could make a name look like something else.
  return String(value)
    .replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, "\u{fffd}")
    .replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

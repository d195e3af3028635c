/** Escapes characters that could control a terminal or disguise a text, and that JSON and YAML leave as they are. */
export function escaped(text: string): string {
  return text.replaceAll(
    /[\u007f-\u009f\u2028\u2029\p{Bidi_Control}]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}

/** Text on one line, without control and bidirectional characters: they could disguise a name, or control a terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, "\u{fffd}");
}

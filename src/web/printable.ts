/** Text on one line, without control and bidirectional characters: they could disguise a name, or control a terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, "\u{fffd}");
}

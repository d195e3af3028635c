/**
 * Splits a command as restic does (RESTIC_PASSWORD_COMMAND), which is not as a shell does: white space parts, quotes group and end
 * the field, a backslash parts too, and within quotes protects the next quote.
 * @returns undefined if a quote is not closed
 */
export function splitCommand(command: string): readonly string[] | undefined {
  const fields: string[] = [];
  let field = "";
  let quote: string | undefined;
  let escaped = false;
  const end = (): void => {
    if (field !== "") fields.push(field);
    field = "";
  };
  for (const character of command) {
    if (quote !== undefined) {
      if (character === quote && !escaped) {
        end();
        quote = undefined;
      } else field += character;
      escaped = character === "\\" && !escaped;
    } else if (character === '"' || character === "'") {
      end();
      quote = character;
      escaped = false;
    } else if (character === "\\" || /\s/.test(character)) end();
    else field += character;
  }
  end();
  return quote === undefined ? fields : undefined;
}

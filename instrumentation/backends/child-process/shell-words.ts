import type { AgentError } from "../../core/error.ts";

/**
 * Splits a command as restic splits its options (internal/backend/shell_split.go): white space, a backslash and each quote end a
 * word; within quotes a backslash stays, and a quote after it does not end them. `--x='a b'` are two words.
 * @param invalid makes the error for a problem
 */
export function shellWords(
  command: string,
  invalid: (problem: string) => AgentError,
): readonly [string, ...string[]] {
  const words: string[] = [];
  let word = "";
  let quote = "";
  let last = "";
  const isSplit = (character: string): boolean => {
    if (last !== "\\") {
      if (quote !== "" && character === quote) {
        quote = "";
        return true;
      }
      if (quote === "" && (character === `"` || character === "'")) {
        quote = character;
        return true;
      }
    }
    last = character;
    return quote === "" && /\\|\u0085|(?!\uFEFF)\s/.test(character);
  };
  for (const character of command) {
    if (!isSplit(character)) {
      word += character;
      continue;
    }
    if (word !== "") words.push(word);
    word = "";
  }
  if (word !== "") words.push(word);
  if (quote !== "") throw invalid(`a quote ${quote} is not closed`);
  const [first, ...rest] = words;
  if (first === undefined) throw invalid("the command is empty");
  return [first, ...rest];
}

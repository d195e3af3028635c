import { AgentError } from "../core/error.ts";

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Nothing that would begin another line. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Headers as they are sent, each with its end of line.
 * @throws AgentError `config` for one that cannot be sent; its value is not shown
 */
export function headerLines(headers: Readonly<Record<string, string>>): string {
  let lines = "";
  for (const name in headers) {
    const value = headers[name] ?? "";
    if (!NAME.test(name) || !VALUE.test(value))
      throw new AgentError(
        "config",
        `the header ${JSON.stringify(name)} has characters that cannot be sent`,
      );
    lines += `${name}: ${value}\r\n`;
  }
  return lines;
}

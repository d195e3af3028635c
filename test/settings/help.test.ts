import { expect, test } from "vitest";

import { FLAGS, parseFlags } from "../../src/settings/flags.ts";
import { helpText } from "../../src/settings/help.ts";

const lines = helpText().split("\n");

test("the help fits a terminal of 80 columns", () => {
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});

test("the help has groups of flags, and ends with four valid examples", () => {
  expect(lines.filter((line) => /^\S.*:$/.test(line))).toEqual(
    expect.arrayContaining([
      "Actions:",
      "Settings:",
      "Compatibility with restic-reporter:",
      "Examples:",
    ]),
  );
  const examples = lines.slice(lines.indexOf("Examples:") + 1);
  expect(examples.join("\n")).toMatch(/^(  # \S.*\n  \S.*\n){4}$/);
  const commands = examples.filter((line) => line.includes("restic-otel --"));
  expect(commands).toHaveLength(4);
  for (const command of commands) {
    const words = command.slice(command.indexOf("restic-otel ")).match(/"[^"]*"|\S+/g) ?? [];
    parseFlags(words.slice(1).map((word) => word.replaceAll('"', "")));
  }
});

/** Flags that need another one, or a certain value. */
const COMPLETE: Readonly<Record<string, readonly string[]>> = {
  open: ["--check-config", "--open"],
  format: ["--once", "--format=table"],
  completion: ["--completion=zsh"],
  "runbook-url": ["rules", "--runbook-url=https://example.com/alerting.md"],
};

test("the help names every flag, and no unknown one", () => {
  const named = [...helpText().matchAll(/--([a-z][a-z.-]*[a-z])/g)].map(([, name = ""]) => name);
  expect(named).toEqual(expect.arrayContaining([...FLAGS]));
  for (const name of named) parseFlags(COMPLETE[name] ?? [`--${name}=true`]);
});

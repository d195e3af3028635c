import { expect, test } from "vitest";

import { parseBool } from "../../instrumentation/core/parse-text.ts";

test.for([
  [["1", "t", "T", "TRUE", "true", "True"], true],
  [["0", "f", "F", "FALSE", "false", "False"], false],
  [["", "yes", "tRUE", "2", " true"], undefined],
] as const)("%j are %s", ([texts, expected]) => {
  for (const text of texts) expect(parseBool(text)).toBe(expected);
});

import { expect, test } from "vitest";

import { generated } from "./readme.ts";
import { scaleReadme } from "./scale-costs.ts";

test("the tables of the README are those of the code: npm run docs writes them", async () => {
  const { actual, expected } = await generated();
  expect(actual).toBe(expected);
});

test("the arithmetic of examples/scale is that of what was measured: npm run docs writes it", async () => {
  const { actual, expected } = await scaleReadme();
  expect(actual).toBe(expected);
});

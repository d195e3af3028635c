import { expect, test } from "vitest";

import { generated } from "./readme.ts";

test("the tables of the README are those of the code: npm run docs writes them", async () => {
  const { actual, expected } = await generated();
  expect(actual).toBe(expected);
});

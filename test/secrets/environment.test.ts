import { afterEach, expect, test, vi } from "vitest";

import { environment } from "../../instrumentation/secrets/environment.ts";
import { failureOf } from "../support/core/failure.ts";

const { signal } = new AbortController();

afterEach(() => vi.unstubAllEnvs());

test.for([" secret\n", "\u00a0x\t", "pässwörd ✓"])(
  "the value %j is returned unchanged",
  async (value) => {
    vi.stubEnv("THE_SECRET", value);
    expect((await environment.resolve("THE_SECRET", signal)).revealText()).toBe(value);
  },
);

test("an unset or empty variable is an error", async () => {
  const message = "secret: the variable THE_SECRET is not set";
  expect(await failureOf(environment.resolve("THE_SECRET", signal))).toBe(message);
  vi.stubEnv("THE_SECRET", "");
  expect(await failureOf(environment.resolve("THE_SECRET", signal))).toBe(message);
});

test("the name of an unset variable that may be the secret itself is not shown", async () => {
  for (const name of ["hunter2SECRET", "HUNTER2", "A".repeat(61)])
    expect(await failureOf(environment.resolve(name, signal))).toBe(
      "secret: the variable of {env: …} is not set",
    );
});

test.for(["A-B", "", "1A", "A=B", 5, ["A"]])("%j is rejected as a variable name", (reference) => {
  expect(environment.check(reference)).toBe("must be the name of a variable");
});

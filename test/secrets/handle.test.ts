import { beforeEach, expect, test } from "vitest";

import { AgentError } from "../../instrumentation/core/error.ts";
import { Secret } from "../../instrumentation/core/secret.ts";
import type { SecretHandle, SecretResolver } from "../../instrumentation/core/secret.ts";
import { secretHandle } from "../../instrumentation/secrets/handle.ts";
import { FakeClock } from "../support/core/clock.ts";
import { failureOf } from "../support/core/failure.ts";

const { signal } = new AbortController();
const clock = new FakeClock(1000);

/** The current value of the secret; undefined: resolving it fails. */
let stored: string | undefined;
/** Number of calls of `resolve`. */
let resolves: number;
let handle: SecretHandle;

const place: SecretResolver = {
  scheme: "place",
  check: () => undefined,
  async resolve() {
    resolves += 1;
    if (stored === undefined) throw new AgentError("secret", "the place is closed");
    return new Secret(stored);
  },
};

beforeEach(() => {
  stored = "one";
  resolves = 0;
  handle = secretHandle({ scheme: "place", reference: "x" }, new Map([["place", place]]), clock);
});

const current = async (): Promise<string> => (await handle.current(signal)).revealText();
const refresh = async (): Promise<string> => (await handle.refresh(signal)).revealText();

test("a secret is resolved at first use, and kept", async () => {
  expect(resolves).toBe(0);
  expect(handle.resolvedAt).toBeUndefined();
  expect(await current()).toBe("one");
  stored = "two";
  expect(await current()).toBe("one");
  expect(resolves).toBe(1);
  expect(handle.resolvedAt).toBe(1000);
});

test("a refresh resolves the secret again, and returns the last value if that fails", async () => {
  await current();
  stored = "two";
  await clock.advance(500);
  expect(await refresh()).toBe("two");
  expect(handle.resolvedAt).toBe(1500);
  stored = undefined;
  await clock.advance(500);
  expect(await refresh()).toBe("two");
  expect(handle.resolvedAt).toBe(1500);
});

test("without a last value a failure is thrown, and the next call tries again", async () => {
  stored = undefined;
  expect(await failureOf(handle.current(signal))).toBe("secret: the place is closed");
  expect(await failureOf(handle.refresh(signal))).toBe("secret: the place is closed");
  stored = "one";
  expect(await current()).toBe("one");
});

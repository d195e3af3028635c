import { format, inspect } from "node:util";

import { expect, test } from "vitest";

import { Secret } from "../../instrumentation/core/secret.ts";

const secret = new Secret("CANARY");

test.for([
  ["String", (value: Secret) => String(value)],
  ["JSON", (value: Secret) => JSON.stringify({ value })],
  ["inspect", (value: Secret) => inspect({ value }, { depth: 9, showHidden: true })],
  ["format", (value: Secret) => format("%s %o %O %j", value, value, value, value)],
  ["its keys", (value: Secret) => JSON.stringify(Object.entries(value))],
  ["a clone", (value: Secret) => inspect(structuredClone(value), { showHidden: true })],
  ["an error", (value: Secret) => inspect(new Error("failed", { cause: value }), { depth: 9 })],
] as const)("%s does not show the value", ([, print]) => {
  const printed = print(secret);
  expect(printed).not.toContain("CANARY");
  // Nor as the numbers of its bytes.
  expect(printed).not.toMatch(/67,\s*65,\s*78/);
});

test("a secret keeps a copy of its bytes and compares by them", () => {
  expect(Buffer.from(new Secret("é").reveal()).toString("hex")).toBe("c3a9");
  const bytes = Uint8Array.of(0xff, 0xfe);
  const kept = new Secret(bytes);
  bytes[0] = 0;
  expect([...kept.reveal()]).toEqual([0xff, 0xfe]);
  expect(new Secret("a").equals(new Secret("a"))).toBe(true);
  expect(new Secret("a").equals(new Secret("b"))).toBe(false);
  expect(new Secret("\ufeffa").revealText()).toBe("\ufeffa");
  expect(new Secret("").isEmpty).toBe(true);
});

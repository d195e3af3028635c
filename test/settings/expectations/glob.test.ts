import { expect, test } from "vitest";

import { parseGlob } from "../../../instrumentation/settings/expectations/glob.ts";
import type { Glob } from "../../../instrumentation/settings/expectations/glob.ts";
import { Dice } from "../../support/core/dice.ts";

function glob(source: string): Glob {
  const parsed = parseGlob(source);
  if (parsed instanceof Error) throw parsed;
  return parsed;
}

test.for([
  ["web-1", "web-1", true],
  ["web-1", "web-10", false],
  ["web-*", "web-", true],
  ["web-*", "web-1/a/b", true],
  ["*", "", true],
  ["*", "a/b", true],
  ["?", "", false],
  ["?", "/", true],
  ["?", "\u{1f600}", true],
  ["a*b*c", "a-b-b-c", true],
  ["a*b*c", "a-c-b", false],
  ["*.example.com", "x.example.com.example.com", true],
  ["[ab]x", "bx", true],
  ["[ab]x", "cx", false],
  ["[!ab]x", "cx", true],
  ["[^ab]x", "ax", false],
  ["[0-9a-f]{12}", "0123456789ab", true],
  ["[0-9a-f]{12}", "0123456789a", false],
  ["[0-9a-f]{12}", "0123456789abc", false],
  ["[0-9a-f]{12}", "0123456789ag", false],
  ["[]a]", "]", true],
  ["[a\\]]", "]", true],
  ["[a-]", "-", true],
  ["a\\*", "a*", true],
  ["a\\*", "ab", false],
  ["a\\[1]", "a[1]", true],
  ["DOMAIN\\user", "DOMAIN\\user", true],
  ["DOMAIN\\\\user", "DOMAIN\\user", true],
  ["web[1]", "web1", true],
  ["web[1]", "web[1]", true],
  ["a{2}", "a{2}", true],
  ["a.c", "abc", false],
  ["", "", true],
  ["", "a", false],
] as const)("%s matches %s: %s", ([pattern, text, expected]) => {
  expect(glob(pattern).matches(text)).toBe(expected);
});

test.for([
  ["web-1", "web-1"],
  ["a\\*b", "a*b"],
  ["DOMAIN\\user", "DOMAIN\\user"],
  ["a\\", "a\\"],
  ["web-*", undefined],
  ["web-[1]", undefined],
  ["?", undefined],
] as const)("%s names %s", ([pattern, name]) => {
  expect(glob(pattern).literal).toBe(name);
});

test.for([
  ["a[b", 'has a "[" without its "]"'],
  ["a[]", 'has a "[" without its "]"'],
  ["a[b\\]", 'has a "[" without its "]"'],
  ["[z-a]", "has a range that ends before it begins"],
  ["[ab]{}", "needs a number from 1 in {n} after […]"],
  ["[ab]{0}", "needs a number from 1 in {n} after […]"],
  ["[ab]{2", "needs a number from 1 in {n} after […]"],
  ["[ab]{2000}", "stands for more than 1024 characters"],
  ["[ab]{600}[ab]{600}", "stands for more than 1024 characters"],
  ["a".repeat(1025), "stands for more than 1024 characters"],
  [`[${"a".repeat(20_000)}]`, "is longer than 16384 characters"],
] as const)("the pattern %s is rejected: it %s", ([pattern, message]) => {
  expect(parseGlob(pattern)).toEqual(new Error(message));
});

/** The same by definition: tries each length for a star. */
function plainlyMatches(pattern: readonly string[], text: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return text.length === 0;
  if (first === "*")
    return Array.from({ length: text.length + 1 }, (_, skip) => text.slice(skip)).some((left) =>
      plainlyMatches(rest, left),
    );
  return (
    text.length > 0 && (first === "?" || first === text[0]) && plainlyMatches(rest, text.slice(1))
  );
}

test("2,000 random patterns match what they match by definition", () => {
  const dice = new Dice(7);
  const some = (letters: readonly string[]): readonly string[] =>
    Array.from({ length: dice.roll(8) }, () => dice.pick(letters));
  for (let round = 0; round < 2000; round++) {
    const pattern = some(["a", "b", "*", "?", "*"]);
    const text = some(["a", "b", "c"]);
    const expected = plainlyMatches(pattern, text) || pattern.join("") === text.join("");
    expect(
      glob(pattern.join("")).matches(text.join("")),
      `${pattern.join("")} ${text.join("")}`,
    ).toBe(expected);
  }
});

test("the longest pattern on a long text takes steps in proportion to the text", () => {
  const worst = glob(`*${"a".repeat(500)}b`);
  expect(worst.matches("a".repeat(4000))).toBe(false);
  expect(worst.matches(`${"a".repeat(4000)}b`)).toBe(true);
});

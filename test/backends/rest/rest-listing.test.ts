import { randomBytes } from "node:crypto";

import { expect, test } from "vitest";

import { Ids } from "../../../instrumentation/backends/file-ids.ts";
import { listedNames } from "../../../instrumentation/backends/rest/listing.ts";
import { Dice } from "../../support/core/dice.ts";

const A = "a".repeat(64);
const B = `0123456789abcdef${"0".repeat(48)}`;

function listed(text: string): readonly string[] | undefined {
  const names = listedNames(Buffer.from(text));
  return names && [...names];
}

test("what a server writes of ids alone is read without a text for each", () => {
  const names = Array.from({ length: 3000 }, () => randomBytes(32).toString("hex"));
  const text = JSON.stringify(names.map((name, size) => ({ name, size })));
  for (const end of ["", "\n"]) {
    const ids = listedNames(Buffer.from(text + end));
    expect(ids).toBeInstanceOf(Ids);
    expect([...(ids ?? [])]).toEqual(names);
  }
});

test.for([
  ["nothing in it", "[]", []],
  ["version 1", `["${A}","${B}"]`, [A, B]],
  ["another order", `[{"size":1,"name":"${A}"}]`, [A]],
  ["spaces", ` [ {"name":"${A}", "size":1} ] `, [A]],
  ["more of each", `[{"name":"${A}","size":1,"time":0},{"name":"${B}","size":2}]`, [A, B]],
  ["litter", `[{"name":"${A}","size":1},{"name":"x-tmp","size":2}]`, [A, "x-tmp"]],
  ["no size", `[{"name":"${A}"}]`, [A]],
  ["an escape", `[{"name":"\\u0061${A.slice(1)}","size":1}]`, [A]],
  ["a size that is no whole number", `[{"name":"${A}","size":1.5e3}]`, [A]],
  ["something else among them", `[{"name":"${A}","size":1},null,7]`, [A]],
  ["a name twice", `[{"name":"${A}","size":1},{"name":"${A}","size":1}]`, [A, A]],
] as const)("%s", ([, text, names]) => {
  expect(listed(text)).toEqual(names);
});

test.for([
  ["half of it", `[{"name":"${A}","size":1},{"name":"${B}","si`],
  ["no end", `[{"name":"${A}","size":1}`],
  ["half an id", `[{"name":"${A.slice(1)}`],
  ["no number", `[{"name":"${A}","size":}]`],
  ["a number that JSON does not have", `[{"name":"${A}","size":01}]`],
  ["more after the end", `[{"name":"${A}","size":1}]]`],
  ["two of them", `[{"name":"${A}","size":1}]\n[]`],
  ["an object", `{"name":"${A}","size":1}`],
  ["nothing", ""],
] as const)("%s is no listing", ([, text]) => {
  expect(listed(text)).toBeUndefined();
});

test("whatever is changed in a listing, its names are those that JSON has", () => {
  const dice = new Dice(8);
  const text = `[{"name":"${A}","size":10},{"name":"${B}","size":0}]`;
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.from(text);
    for (let count = dice.low(3); count >= 0; count--)
      bytes[dice.roll(bytes.length)] = dice.pick([...Buffer.from(`[]{}":,019af- \n\\${A[0]}`)]);
    const changed = bytes.subarray(0, bytes.length - dice.low(4)).toString();
    expect(listed(changed)).toEqual(byJson(changed));
  }
});

function byJson(text: string): readonly unknown[] | undefined {
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(entries)) return undefined;
  return entries
    .map((entry: unknown) =>
      typeof entry === "object" && entry !== null && "name" in entry ? entry.name : entry,
    )
    .filter((name) => typeof name === "string");
}

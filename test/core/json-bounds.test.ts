import { expect, test } from "vitest";

import { exceededBound } from "../../instrumentation/core/json-bounds.ts";

const BOUNDS = { depth: 2, containers: 3, commas: 4, members: 5 };
const exceeded = (json: string): string | undefined => exceededBound(Buffer.from(json), BOUNDS);

test.for([
  "",
  "[[],{}]",
  '{"a":[1,2,3]}',
  "[1,2,3,4,5]",
  '{"a":1,"b":2,"c":3,"d":4,"e":5}',
  '{"::::::":":::::"}',
  '"[[[[,,,,,,{{{{"',
  String.raw`["\"[[[,,,,,","\\",[]]`,
  String.raw`["[[[[\\\"[[[["]`,
  '["[[[[',
  "]]]]]]]]",
])("%s is within the bounds", (json) => {
  expect(exceeded(json)).toBeUndefined();
});

test.for([
  ["[[[]]]", "a depth of more than 2"],
  ['{"a":{"b":{}}}', "a depth of more than 2"],
  ["[[],[],[]]", "more than 3 arrays and objects"],
  ["[1,2,3,4,5,6]", "more than 4 commas"],
  ['{"a":1 "b":2 "c":3 "d":4 "e":5 "f":6}', "more than 5 members"],
  [String.raw`["\\",[[[`, "a depth of more than 2"],
] as const)("%s has %s", ([json, reason]) => {
  expect(exceeded(json)).toBe(reason);
});
